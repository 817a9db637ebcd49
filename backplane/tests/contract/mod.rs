//! What every adapter of the backplane must do. An adapter's test file opens it and proves the facts, one by one
//! or with `each.rs` where one server is shared by all.

pub(crate) mod broker;
pub(crate) mod store;

/// All facts, handed on to another macro.
macro_rules! facts {
    ($then:ident! $($more:tt)*) => {
        $then! { $($more)*
            store {
                a_document_is_read_as_saved, a_stale_writer_is_refused, many_writers_lose_no_update,
                documents_are_found_in_the_order_of_an_index, an_index_follows_its_documents,
                a_unique_value_is_taken_once, an_unknown_index_is_refused, one_holder_has_the_lease,
                a_lease_that_ran_out_moves_with_a_higher_token, a_race_for_a_lease_has_one_winner,
                a_chunk_is_read_as_kept, chunks_are_listed_by_owner, a_chunk_leaves_when_its_time_has_passed,
            }
            broker {
                a_message_is_delivered_as_published, what_has_no_answer_comes_again, a_refused_message_waits,
                a_late_message_waits, the_urgent_comes_first, a_consumer_holds_no_more_than_it_asked_for,
                consumers_share_the_work, what_waits_behind_long_work_goes_to_whoever_is_free,
                under_load_every_message_is_done,
                what_is_given_up_can_be_looked_at_and_tried_again, the_depth_of_a_queue_is_known,
                events_reach_all_who_listen, a_listener_that_does_not_keep_up_is_let_go,
            }
        }
    };
}

pub(crate) use facts;

use backplane::{Broker, Store};
use std::{
    any::Any,
    sync::{Arc, atomic::AtomicI64},
};

/// An opened adapter under a clock that tests move.
pub(crate) struct Node {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) store: Arc<dyn Store>,
    /// ms since the Unix epoch.
    pub(crate) clock: Arc<AtomicI64>,
    /// What must live as long (a folder, a server).
    pub(crate) _guard: Box<dyn Any + Send + Sync>,
}
