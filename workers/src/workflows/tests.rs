use super::*;
use crate::{GROUPS, Group, testing::Node};
use bus_core::{Language, check::Whole, workflow::Step};
use connectors::Connectors;
use proptest::prelude::*;
use tokio::task::JoinSet;

fn document(name: &str) -> Workflow {
    let mut workflow = Workflow::new(name);
    let settings = json!({ "records": [] }).as_object().cloned().expect("an object");
    workflow.steps = vec![
        Step { id: "in".to_owned(), connector: "records".to_owned(), settings, ..Step::default() },
        Step { id: "out".to_owned(), connector: "discard".to_owned(), ..Step::default() },
    ];
    workflow.links = vec![bus_core::workflow::Link::between("in", "out")];
    workflow
}

fn workflows(node: &Node) -> Workflows {
    Workflows::new(node.store(), node.clock(), Arc::new(Connectors))
}

fn with(principal: Principal, role: Role) -> Vec<Granted> {
    vec![Granted { with: principal, role }]
}

async fn listed(workflows: &Workflows, who: &Who) -> Vec<String> {
    let page = workflows.list(who, None, 100).await.expect("listed");
    page.items.into_iter().map(|workflow| workflow.document.name).collect()
}

#[tokio::test]
async fn a_workflow_is_read_as_kept() {
    let node = Node::new();
    let workflows = workflows(&node);
    let made = workflows.create(document("a"), "anne").await.expect("created");
    let found = workflows.get(&made.id).await.expect("there");
    assert_eq!((&found.document, found.owner.as_str(), found.revision), (&made.document, "anne", 1));
    assert!(!found.draft);
    assert_eq!(workflows.get("nothing").await.expect_err("missing"), BusError::Missing);
}

#[tokio::test]
async fn one_with_errors_is_a_draft_until_they_are_mended() {
    let node = Node::new();
    let workflows = workflows(&node);
    let mut wrong = document("a");
    wrong.steps[1].connector = "discrad".to_owned();
    let made = workflows.create(wrong.clone(), "anne").await.expect("created");
    assert!(made.draft);
    let problems = workflows.whole(&wrong, "anne").await.expect("checked").problems;
    let findings: Vec<_> = problems.iter().map(|found| found.finding(Language::En)).collect();
    assert_eq!(findings[0].step.as_deref(), Some("out"));
    assert_eq!(findings[0].advice, "did you mean `discard`?");
    assert!(!workflows.save(&made.id, document("a"), "anne", Some(1)).await.expect("saved").draft);
}

#[tokio::test]
async fn a_conflict_tells_the_revision_that_stands() {
    let node = Node::new();
    let workflows = workflows(&node);
    let id = workflows.create(document("a"), "anne").await.expect("created").id;
    assert_eq!(workflows.save(&id, document("b"), "anne", Some(1)).await.expect("saved").revision, 2);
    let refused = workflows.save(&id, document("c"), "bob", Some(1)).await.expect_err("stale");
    assert_eq!(refused, BusError::Conflict { revision: 2 });
    let shared = workflows.set_shares(&id, with(Principal::Group("g".to_owned()), Role::Viewer)).await;
    assert_eq!(shared.expect("shared").revision, 2, "sharing is no edit");
    assert_eq!(workflows.save(&id, document("c"), "bob", Some(2)).await.expect("saved").by, "bob");
}

#[tokio::test]
async fn of_writers_at_once_each_revision_has_one() {
    let node = Node::new();
    let workflows = workflows(&node);
    let id = workflows.create(document("0"), "anne").await.expect("created").id;
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let (workflows, id) = (workflows.clone(), id.clone());
        writers.spawn(async move {
            workflows.save(&id, document(&format!("by {writer}")), &writer.to_string(), Some(1)).await
        });
    }
    let ended = writers.join_all().await;
    assert_eq!(ended.iter().filter(|ended| ended.is_ok()).count(), 1);
    assert!(
        ended
            .iter()
            .flat_map(|ended| ended.as_ref().err())
            .all(|error| *error == BusError::Conflict { revision: 2 })
    );
    assert_eq!(workflows.version(&id, 1).await.expect("kept").document.name, "0");
}

#[tokio::test]
async fn earlier_states_are_kept_as_many_as_wanted() {
    let node = Node::new();
    let workflows = workflows(&node).keeping(3);
    let id = workflows.create(document("1"), "anne").await.expect("created").id;
    for n in 2..=6 {
        workflows.save(&id, document(&n.to_string()), "bob", None).await.expect("saved");
    }
    let versions = workflows.versions(&id).await.expect("listed");
    assert_eq!(versions.iter().map(|version| version.revision).collect::<Vec<_>>(), [6, 5, 4, 3]);
    assert_eq!(workflows.version(&id, 4).await.expect("kept").document.name, "4");
    for gone in [0, 2, 7] {
        assert_eq!(workflows.version(&id, gone).await.expect_err("not kept"), BusError::Missing);
    }
}

#[tokio::test]
async fn everybody_sees_what_is_theirs() {
    let node = Node::new();
    let workflows = workflows(&node);
    let a = workflows.create(document("a"), "anne").await.expect("created").id;
    node.hand.forward(1);
    let b = workflows.create(document("b"), "bob").await.expect("created").id;
    let anne = Who { account: "anne".to_owned(), groups: vec!["g".to_owned()] };
    let bob = Who::account("bob");
    workflows.set_shares(&a, with(Principal::Account("bob".to_owned()), Role::Viewer)).await.expect("shared");
    workflows.set_shares(&b, with(Principal::Group("g".to_owned()), Role::Editor)).await.expect("shared");
    assert_eq!(listed(&workflows, &anne).await, ["b", "a"]);
    assert_eq!(listed(&workflows, &bob).await, ["b", "a"]);
    assert_eq!(listed(&workflows, &Who::account("carl")).await, [""; 0]);
    assert_eq!(workflows.get(&b).await.expect("there").role(&anne), Some(Role::Editor));
    assert_eq!(workflows.get(&b).await.expect("there").role(&Who::account("anne")), None);

    workflows.set_shares(&a, Vec::new()).await.expect("shared");
    assert_eq!(listed(&workflows, &bob).await, ["b"]);
    workflows.transfer(&a, "bob").await.expect("handed over");
    assert_eq!(listed(&workflows, &bob).await, ["b", "a"]);
    assert_eq!(workflows.get(&a).await.expect("there").role(&anne), Some(Role::Editor));
    workflows.delete(&a).await.expect("deleted");
    assert_eq!(listed(&workflows, &anne).await, ["b"]);
    assert_eq!(workflows.versions(&a).await.expect_err("gone"), BusError::Missing);
    assert_eq!(workflows.delete(&a).await, Ok(()));
}

#[tokio::test]
async fn shares_that_make_no_sense_are_refused() {
    let node = Node::new();
    let workflows = workflows(&node);
    let id = workflows.create(document("a"), "anne").await.expect("created").id;
    let twice = || Granted { with: Principal::Group("g".to_owned()), role: Role::Viewer };
    for (shares, said) in [
        (with(Principal::Account("anne".to_owned()), Role::Viewer), "the workflow is its owner's already"),
        (
            with(Principal::Account("bob".to_owned()), Role::Owner),
            "a workflow has one owner: hand it over instead",
        ),
        (vec![twice(), twice()], "somebody stands twice among the shares"),
    ] {
        match workflows.set_shares(&id, shares).await {
            Err(BusError::Refused(message)) => assert_eq!(message.to_string(), said),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_list_comes_in_pages() {
    let node = Node::new();
    let workflows = workflows(&node);
    for n in 0..7 {
        workflows.create(document(&n.to_string()), "anne").await.expect("created");
        node.hand.forward(1_000);
    }
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let page = workflows.list(&Who::account("anne"), after.as_deref(), 3).await.expect("listed");
        names.extend(page.items.into_iter().map(|workflow| workflow.document.name));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(names, ["6", "5", "4", "3", "2", "1", "0"]);
}

#[tokio::test]
async fn a_workflow_is_found_by_its_name() {
    let node = Node::new();
    let workflows = workflows(&node);
    let id = workflows.create(document("meteo"), "anne").await.expect("created").id;
    let (anne, bob) = (Who::account("anne"), Who::account("bob"));
    assert_eq!(workflows.named(&anne, "meteo").await.expect("found").id, id);
    assert_eq!(workflows.named(&anne, &id).await.expect("found").id, id);
    assert_eq!(workflows.named(&bob, &id).await.expect_err("not his"), BusError::Missing);
    workflows.create(document("meteo"), "anne").await.expect("created");
    assert!(matches!(workflows.named(&anne, "meteo").await, Err(BusError::Refused(_))));
}

#[tokio::test]
async fn what_a_group_was_given_is_found_for_everybody_in_it() {
    let node = Node::new();
    let workflows = workflows(&node);
    let id = workflows.create(document("meteo"), "anne").await.expect("created").id;
    let group = Group { name: "g".into(), members: vec!["bob".into()], owner: "carl".into() };
    let body = serde_json::to_value(&group).expect("written");
    node.store().save(GROUPS, "g1", body.into(), Expect::Absent).await.expect("kept");
    let who = async |account: &str| Who::known(&*node.store(), account).await.expect("read");
    assert_eq!(workflows.named(&who("bob").await, "meteo").await, Err(BusError::Missing));
    let shares = with(Principal::Group("g1".into()), Role::Viewer);
    workflows.set_shares(&id, shares).await.expect("shared");
    for account in ["bob", "carl"] {
        for name in ["meteo", &id] {
            assert_eq!(workflows.named(&who(account).await, name).await.expect("found").id, id);
        }
    }
    assert_eq!(workflows.named(&who("dora").await, "meteo").await, Err(BusError::Missing));
    let own = workflows.create(document("meteo"), "bob").await.expect("created").id;
    assert_eq!(workflows.named(&who("bob").await, "meteo").await.expect("found").id, own, "one's own first");
    assert_eq!(workflows.named(&who("bob").await, &id).await.expect("found").id, id);

    let mut outer = Workflow::new("outer");
    let settings = json!({ "workflow": id }).as_object().cloned().unwrap_or_default();
    outer.steps = vec![Step { id: "a".into(), connector: "workflow".into(), settings, ..Step::default() }];
    let unknown =
        |whole: &Whole| whole.problems.iter().any(|it| it.problem.to_string().contains("no workflow"));
    assert!(!unknown(&workflows.whole(&outer, "carl").await.expect("checked")));
    assert!(unknown(&workflows.whole(&outer, "dora").await.expect("checked")));
}

/// What is asked of a store that fails after some writes, as if the process had ended there.
#[derive(Debug, Clone)]
enum Asked {
    Create,
    Save,
    Share(u8),
    Transfer(u8),
    Delete,
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![
        Just(Asked::Create),
        Just(Asked::Save),
        (0..4_u8).prop_map(Asked::Share),
        (0..4_u8).prop_map(Asked::Transfer),
        Just(Asked::Delete),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_crash_between_any_two_writes_is_repaired(steps in proptest::collection::vec((asked(), 0..6_u64), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let node = Node::new();
            let whole = workflows(&node);
            let mut ids: Vec<String> = Vec::new();
            for (asked, writes) in steps {
                let failing = Workflows { store: node.store_that_fails_after(writes), ..whole.clone() };
                let id = ids.last().cloned().unwrap_or_default();
                let account = |n: u8| format!("account {n}");
                let known = whole.get(&id).await.ok();
                let ended = match &asked {
                    Asked::Create => failing.create(document("new"), "account 0").await.map(|made| Some(made.id)),
                    Asked::Save => failing.save(&id, document("saved"), "x", None).await.map(|_| None),
                    Asked::Share(n) => {
                        failing.set_shares(&id, with(Principal::Account(account(*n)), Role::Viewer)).await.map(|_| None)
                    }
                    Asked::Transfer(n) => failing.transfer(&id, &account(*n)).await.map(|_| None),
                    Asked::Delete => failing.delete(&id).await.map(|()| None),
                };
                if let Ok(Some(id)) = ended {
                    ids.push(id);
                }
                // the next start
                whole.tidy().await.expect("tidied");
                if let (Some(known), Ok(now)) = (known, whole.get(&id).await) {
                    assert!(now.revision >= known.revision);
                    for revision in 1..=now.revision {
                        assert!(whole.version(&id, revision).await.is_ok(), "revision {revision} of {}", now.revision);
                    }
                }
            }
            consistent(&node, &whole).await;
        });
    }
}

/// Whether grants are exactly those of the workflows, and nothing is left of those deleted.
async fn consistent(node: &Node, whole: &Workflows) {
    let store = node.store();
    let untidy = Query::of("untidy", vec![IndexValue::Bool(true)]);
    assert!(store.find(WORKFLOWS, untidy).await.expect("found").is_empty());
    for n in 0..4 {
        let who = Who::account(format!("account {n}"));
        let query = Query::of("principal", vec![format!("account:account {n}").as_str().into()]);
        let grants = store.find(GRANTS, query).await.expect("found").len();
        let page = whole.list(&who, None, 1_000).await.expect("listed");
        assert_eq!(page.items.len(), grants, "every grant is of a workflow that is there, and theirs");
    }
}
