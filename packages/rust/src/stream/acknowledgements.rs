use std::collections::HashSet;

/// Which responses of one call are done. The server takes the number of leading responses that are done, so an alert
/// that is done before earlier ones waits for them.
#[derive(Debug, Default)]
pub(super) struct Acknowledgements {
    /// How many responses the server sends before it waits; 0 until it has said so.
    window: u64,
    /// Done, although an earlier one is not.
    early: HashSet<u64>,
    received: u64,
    done: u64,
    sent: u64,
}

impl Acknowledgements {
    pub(super) fn set_window(&mut self, window: u64) {
        self.window = window;
    }

    /// Counts one more response; returns its place among them.
    pub(super) fn received(&mut self) -> u64 {
        self.received += 1;
        self.received - 1
    }

    /// Returns false if it was done before.
    pub(super) fn done(&mut self, place: u64) -> bool {
        if place > self.done {
            return self.early.insert(place);
        }
        if place < self.done {
            return false;
        }
        self.done += 1;
        while self.early.remove(&self.done) {
            self.done += 1;
        }
        true
    }

    /// Marks all that were received as done.
    pub(super) fn all_done(&mut self) -> bool {
        self.done = self.received;
        self.early.clear();
        true
    }

    pub(super) fn is_complete(&self) -> bool {
        self.done == self.received
    }

    /// Whether there is a count that the server does not know.
    pub(super) fn is_unsent(&self) -> bool {
        self.done > self.sent
    }

    /// Whether the server needs that count at once, so that it does not have to wait.
    pub(super) fn is_urgent(&self) -> bool {
        self.is_unsent() && (self.done - self.sent) * 4 >= self.window
    }

    /// The count to send.
    pub(super) fn send(&mut self) -> u64 {
        self.sent = self.done;
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(count: u64) -> Acknowledgements {
        let mut acknowledgements = Acknowledgements::default();
        acknowledgements.set_window(100);
        for place in 0..count {
            assert_eq!(acknowledgements.received(), place);
        }
        acknowledgements
    }

    #[test]
    fn counts_the_first_ones_without_a_gap() {
        let mut acknowledgements = received(6);
        for (place, is_new, count) in [
            (2, true, 0),
            (2, false, 0),
            (0, true, 1),
            (1, true, 3),
            (1, false, 3),
            (5, true, 3),
            (4, true, 3),
            (3, true, 6),
            (0, false, 6),
        ] {
            assert_eq!(acknowledgements.done(place), is_new);
            assert_eq!(acknowledgements.is_complete(), count == 6);
            assert_eq!(acknowledgements.send(), count);
            assert!(!acknowledgements.is_unsent());
        }
        assert!(acknowledgements.early.is_empty());
    }

    #[test]
    fn is_urgent_at_a_quarter_of_the_window() {
        let mut acknowledgements = received(200);
        assert!(!acknowledgements.is_urgent());
        for place in 0..25 {
            acknowledgements.done(place);
            assert!(acknowledgements.is_unsent());
            assert_eq!(acknowledgements.is_urgent(), place == 24);
        }
        acknowledgements.send();
        acknowledgements.all_done();
        assert!(acknowledgements.is_urgent());
        assert_eq!(acknowledgements.send(), 200);
    }
}
