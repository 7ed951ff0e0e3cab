//! Admission: the limit holds as a subscriber counts, and every waiter is granted a slot.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::future::block_on;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use crate::admission::{AdmissionQueue, Ticket};

/// What a subscriber counts: started, and not yet seen to have ended.
type Visible = loom::sync::Arc<AtomicUsize>;

/// An execution: started, then ended, its slot free before its terminal event is delivered.
async fn execute(ticket: Ticket, visible: &Visible, limit: usize) {
    let permit = ticket.granted().await;
    assert!(visible.fetch_add(1, Ordering::SeqCst) < limit, "more than the limit at once");
    let handover = permit.hand_over();
    visible.fetch_sub(1, Ordering::SeqCst);
    drop(handover);
}

fn spawn(queue: &Arc<AdmissionQueue>, visible: &Visible, limit: usize) -> thread::JoinHandle<()> {
    let (queue, visible) = (Arc::clone(queue), visible.clone());
    thread::spawn(move || {
        let ticket = queue.enter().expect("the queue is not full");
        block_on(execute(ticket, &visible, limit));
    })
}

fn model(check: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(check);
}

/// Three executions at once under this limit.
fn three_under(limit: usize) {
    model(move || {
        let (queue, visible) = (AdmissionQueue::new(limit, 3), Visible::default());
        let others = [spawn(&queue, &visible, limit), spawn(&queue, &visible, limit)];
        block_on(execute(queue.enter().expect("the queue is not full"), &visible, limit));
        others.into_iter().for_each(|other| other.join().expect("it ends"));
    });
}

#[test]
fn one_at_a_time() {
    three_under(1);
}

#[test]
fn two_at_a_time() {
    three_under(2);
}

#[test]
fn leaving_at_any_moment_does_not_block_the_queue() {
    model(|| {
        let (queue, visible) = (AdmissionQueue::new(1, 3), Visible::default());
        let running = spawn(&queue, &visible, 1);
        let leaving = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                let mut granted = pin!(queue.enter().expect("the queue is not full").granted());
                // Abandoned wherever it is: in the queue, with the slot, or waiting for the terminal event.
                let _ = granted.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            })
        };
        block_on(execute(queue.enter().expect("the queue is not full"), &visible, 1));
        running.join().expect("it ends");
        leaving.join().expect("it leaves");
        let free = queue.enter().expect("the queue is not full");
        assert!(!free.is_queued(), "every slot came back");
    });
}
