//! One suite for every database: what must hold for any `Store`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must fail")]

#[path = "../../testkit/src/postgres.rs"]
#[expect(unreachable_pub, dead_code, reason = "the file is a public module of the test kit")]
mod cluster;
mod faults;
mod suite;

/// Makes one test of each function of the suite on SQLite, and one of all functions on PostgreSQL, whose cluster takes
/// longer to make than all of them together.
macro_rules! for_each_store {
    ($($noun:ident::$name:ident;)+) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    crate::suite::$noun::$name(&crate::suite::home::SqliteHome::new()).await;
                }
            )+
        }

        #[tokio::test]
        async fn the_whole_suite_holds_on_postgres() {
            let server = crate::suite::postgres::Server::start().await;
            let mut failed = Vec::new();
            $(
                let home = crate::suite::postgres::PostgresHome::new(&server).await;
                let run = tokio::spawn(async move { crate::suite::$noun::$name(&home).await });
                if let Err(error) = run.await {
                    failed.push(format!("{}: {error}", stringify!($noun::$name)));
                }
            )+
            assert!(failed.is_empty(), "{failed:#?}");
        }
    };
}

for_each_store! {
    groups::a_committed_group_is_found_again_with_its_outcomes_and_another_is_not;
    groups::an_empty_group_is_committed;
    groups::a_group_id_that_was_used_is_refused;
    groups::a_new_owner_fences_the_old_one;
    groups::a_new_owner_learns_the_largest_numbers;
    groups::what_a_lost_owner_sent_is_never_taken_for_a_group_of_its_successor;
    groups::old_keys_group_ids_and_tokens_are_forgotten;
    groups::a_commit_goes_on_when_its_caller_gives_up;
    groups::what_breaks_the_schema_is_not_done_and_the_store_works_on;
    runs::a_run_comes_back_as_it_was_written;
    runs::live_runs_are_the_ones_that_have_not_ended_with_groups_first;
    runs::members_come_in_node_order;
    runs::recent_runs_are_the_newest_of_the_scope_and_code;
    runs::no_one_and_many_nodes_come_back_as_they_were_written;
    runs::the_last_of_several_changes_in_a_group_stays;
    runs::exactly_one_of_two_users_of_an_idempotency_key_wins;
    runs::a_lost_write_leaves_nothing_and_its_neighbours_are_applied;
    history::records_are_numbered_in_the_order_of_the_writes;
    history::a_run_has_its_own_history;
    history::each_hash_depends_on_the_records_before;
    definitions::exactly_one_of_two_definers_of_a_version_wins;
    definitions::definitions_are_stored_all_or_none;
    definitions::the_newest_versions_of_a_scope_are_listed;
    identity::exactly_one_of_two_spenders_of_a_refresh_token_wins;
    identity::a_revoked_token_cannot_be_spent;
    identity::a_refresh_token_is_issued_once;
    identity::users_and_apps_are_replaced_by_the_last_writer;
    identity::a_user_name_has_one_user;
    identity::a_grant_that_was_taken_away_is_gone;
    identity::a_scope_can_be_made_twice;
    documents::a_document_comes_back_as_it_was_written_and_counts_its_changes;
    documents::exactly_one_of_two_writers_with_the_same_guard_wins;
    documents::a_change_is_applied_whole_or_not_at_all;
    documents::a_document_that_only_stays_guards_what_is_changed_with_it;
    documents::documents_are_listed_by_id_in_pages_and_by_parent;
    documents::expired_documents_are_forgotten;
    documents::users_and_apps_are_listed_and_can_be_deleted;
    verify::a_sound_database_has_no_defects;
    verify::each_kind_of_tampering_is_a_defect;
}

mod every_column {
    for_each_store! {
        verify::changing_any_column_that_matters_is_a_defect;
    }
}
