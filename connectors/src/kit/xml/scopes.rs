//! Which prefix stands for which namespace: <https://www.w3.org/TR/xml-names/>.

use bus_core::{Message, msg};

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// The namespace declarations of the open elements.
#[derive(Debug, Default)]
pub struct Scopes {
    bindings: Vec<Binding>,
    text: String,
}

#[derive(Debug, Clone, Copy)]
struct Binding {
    depth: usize,
    start: usize,
    prefix: usize,
    address: usize,
}

impl Scopes {
    /// The declarations in force, innermost first; those that are hidden by a nearer one come too.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.bindings.iter().rev().map(|binding| self.at(*binding))
    }

    /// The namespace of a prefix (`""` is the default one); `None` if it has none.
    #[must_use]
    pub fn address(&self, prefix: &str) -> Option<&str> {
        if prefix == "xml" {
            return Some(XML);
        }
        let (_, address) = self.iter().find(|(known, _)| *known == prefix)?;
        (!address.is_empty()).then_some(address)
    }

    /// Whether nothing is declared.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bindings.is_empty()
    }

    fn at(&self, binding: Binding) -> (&str, &str) {
        let middle = binding.start + binding.prefix;
        let text = |from: usize, to: usize| self.text.get(from..to).unwrap_or_default();
        (text(binding.start, middle), text(middle, middle + binding.address))
    }

    /// Declares a prefix on the element at `depth`.
    pub(super) fn declare(
        &mut self,
        prefix: &str,
        address: &str,
        depth: usize,
        eleven: bool,
    ) -> Result<(), Message> {
        let reserved = prefix == "xmlns" || address == XMLNS || (prefix == "xml") != (address == XML);
        if reserved {
            return Err(msg!("the prefixes `xml` and `xmlns` and their namespaces cannot be declared anew"));
        }
        if address.is_empty() && !prefix.is_empty() && !eleven {
            return Err(msg!("the prefix `{prefix}` is declared without a namespace", prefix = prefix));
        }
        let start = self.text.len();
        self.text.push_str(prefix);
        self.text.push_str(address);
        self.bindings.push(Binding { depth, start, prefix: prefix.len(), address: address.len() });
        Ok(())
    }

    /// Forgets the declarations of the element at `depth`.
    pub(super) fn close(&mut self, depth: usize) {
        while let Some(binding) = self.bindings.last()
            && binding.depth >= depth
        {
            self.text.truncate(binding.start);
            self.bindings.pop();
        }
    }
}
