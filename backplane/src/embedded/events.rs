use crate::{Announcement, Listener, Pattern};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Events within the process.
#[derive(Debug, Clone, Default)]
pub(super) struct Events(Arc<Mutex<Vec<Heard>>>);

type Heard = (Pattern, mpsc::Sender<Announcement>);

/// What a listener may be behind by; a slower one is dropped and has to start again from the store.
const BEHIND: usize = 1_024;

impl Events {
    pub(super) fn listen(&self, pattern: Pattern) -> Listener {
        let (sender, announcements) = mpsc::channel(BEHIND);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((pattern, sender));
        Listener::new(announcements)
    }

    pub(super) fn announce(&self, announcement: &Announcement) {
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|(pattern, sender)| {
            !sender.is_closed()
                && (!pattern.matches(&announcement.topic) || sender.try_send(announcement.clone()).is_ok())
        });
    }
}
