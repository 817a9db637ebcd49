use super::Term;

/// One node while its triples come in: properties keep the order of their first value, and several values
/// of one property find each other. Buffers are kept from node to node.
#[derive(Debug, Default)]
pub(super) struct Staging {
    text: String,
    items: Vec<Item>,
    properties: Vec<Property>,
    nodes: Vec<Node>,
    open: Vec<Open>,
}

/// A place in the staged text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    start: usize,
    end: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub(super) value: Staged,
    pub(super) next: Option<usize>,
}

/// An object of a triple.
#[derive(Debug, Clone, Copy)]
pub(super) enum Staged {
    Iri(Span),
    Blank(Span),
    Plain(Span),
    Language(Span, Span),
    Typed(Span, Span),
    Node(usize),
    List(Chain),
}

/// Items that follow each other.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Chain {
    pub(super) first: Option<usize>,
    last: Option<usize>,
    pub(super) count: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Property {
    pub(super) predicate: usize,
    pub(super) values: Chain,
    pub(super) next: Option<usize>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Node {
    pub(super) first: Option<usize>,
    last: Option<usize>,
    count: usize,
}

#[derive(Debug, Clone, Copy)]
enum Open {
    Node { node: usize, property: Option<usize> },
    List { item: usize },
}

impl Staging {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.items.clear();
        self.properties.clear();
        self.nodes.clear();
        self.open.clear();
    }

    /// Starts the outermost node.
    pub(super) fn start(&mut self) {
        self.clear();
        self.open_node();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.properties.is_empty()
    }

    /// Bytes and values held, to bound them.
    pub(super) fn size(&self) -> usize {
        self.text.len() + self.items.len() * size_of::<Item>()
    }

    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    pub(super) fn text(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    pub(super) fn item(&self, index: usize) -> Option<&Item> {
        self.items.get(index)
    }

    pub(super) fn property_at(&self, index: usize) -> Option<&Property> {
        self.properties.get(index)
    }

    pub(super) fn node(&self, index: usize) -> Option<&Node> {
        self.nodes.get(index)
    }

    /// How many properties the innermost open node has.
    pub(super) fn fields(&self) -> usize {
        match self.open.last() {
            Some(Open::Node { node, .. }) => self.nodes.get(*node).map_or(0, |node| node.count),
            _ => 0,
        }
    }

    /// Names the property of the values to come.
    pub(super) fn property(&mut self, predicate: usize) {
        let Some(Open::Node { node, property }) = self.open.last_mut() else { return };
        let Some(node) = self.nodes.get_mut(*node) else { return };
        let mut at = node.first;
        while let Some(index) = at {
            let Some(known) = self.properties.get(index) else { break };
            if known.predicate == predicate {
                *property = Some(index);
                return;
            }
            at = known.next;
        }
        let index = self.properties.len();
        self.properties.push(Property { predicate, values: Chain::default(), next: None });
        match node.last.and_then(|last| self.properties.get_mut(last)) {
            Some(last) => last.next = Some(index),
            None => node.first = Some(index),
        }
        node.last = Some(index);
        node.count += 1;
        *property = Some(index);
    }

    pub(super) fn object(&mut self, term: Term<'_>) {
        let value = match term {
            Term::Iri(iri) => Staged::Iri(self.store(iri)),
            Term::Blank(label) => Staged::Blank(self.store(label)),
            Term::Plain(value) => Staged::Plain(self.store(value)),
            Term::Language(value, tag) => Staged::Language(self.store(value), self.store(tag)),
            Term::Typed(value, datatype) => Staged::Typed(self.store(value), self.store(datatype)),
        };
        self.push(value);
    }

    pub(super) fn begin_node(&mut self) {
        let node = self.nodes.len();
        self.push(Staged::Node(node));
        self.open_node();
    }

    pub(super) fn begin_list(&mut self) {
        let item = self.items.len();
        self.push(Staged::List(Chain::default()));
        self.open.push(Open::List { item });
    }

    pub(super) fn end(&mut self) {
        if self.open.len() > 1 {
            self.open.pop();
        }
    }

    fn open_node(&mut self) {
        self.open.push(Open::Node { node: self.nodes.len(), property: None });
        self.nodes.push(Node::default());
    }

    fn store(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        Span { start, end: self.text.len() }
    }

    fn push(&mut self, value: Staged) {
        let index = self.items.len();
        self.items.push(Item { value, next: None });
        let chain = match self.open.last() {
            Some(Open::Node { property: Some(property), .. }) => {
                self.properties.get_mut(*property).map(|property| &mut property.values)
            }
            Some(Open::List { item }) => match self.items.get_mut(*item) {
                Some(Item { value: Staged::List(chain), .. }) => Some(chain),
                _ => None,
            },
            _ => None,
        };
        let Some(chain) = chain else { return };
        chain.count += 1;
        let last = chain.last.replace(index);
        match last {
            None => chain.first = Some(index),
            Some(last) => {
                if let Some(last) = self.items.get_mut(last) {
                    last.next = Some(index);
                }
            }
        }
    }
}
