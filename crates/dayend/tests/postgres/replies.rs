//! The reply to COMMIT lost after the server has executed it.

use crate::bank::{Bank, times};
use crate::work::{Wish, assert_all_ended_well, definition};

/// How often a reply is lost; `DAYEND_POSTGRES_CUTS` asks for more.
const CUTS: usize = 6;

#[test]
fn lost_replies_to_commit_lose_no_run_and_make_none_twice() {
    let bank = Bank::new();
    let open = bank.open();
    open.apply_text(&definition(&bank));
    let mut wishes: Vec<Wish> = Vec::new();
    for cut in 0..times("DAYEND_POSTGRES_CUTS", CUTS) {
        bank.proxy.cut_at_committed();
        let mut wish = Wish::new(format!("work-{cut}"));
        wish.insist(&open);
        // What is on its way is committed again and again: the cut comes at the trigger or a moment later.
        let run = wish.run.clone().unwrap();
        assert_eq!(open.ended(&run)["status"], "SUCCESSFUL");
        assert!(bank.proxy.is_sound(), "nothing was cut");
        wishes.push(wish);
    }
    assert_all_ended_well(&bank, &open, &mut wishes);
    bank.assert_no_transaction_is_left();
    assert_eq!(open.terminate(), 0);
    bank.assert_intact();
}
