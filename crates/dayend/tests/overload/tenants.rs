//! Two tenants in one server, with the same names for everything.

use crate::house::{House, SECOND};
use std::time::Duration;
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread")]
async fn tenants_work_side_by_side_and_see_nothing_of_each_other() {
    let house = House::open(&[]).await;
    let mut runs = Vec::new();
    for tenant in &house.tenants {
        let run = house.ask(&tenant.trigger("the-same-key")).await.run();
        let ended = tenant.request("GET", &format!("/api/v1/runs/{run}?wait=60"), &[], "");
        let ended = timeout(Duration::from_mins(1), async {
            loop {
                let seen = house.ask(&ended).await;
                if seen.json()["terminal"] == true {
                    return seen;
                }
            }
        });
        assert_eq!(ended.await.unwrap().text("status"), "SUCCESSFUL");
        runs.push(run);
    }
    for (mine, theirs) in [(0, 1), (1, 0)] {
        let (me, them) = (&house.tenants[mine], &house.tenants[theirs]);
        let their_run = runs[theirs].as_str();
        let code = |reply: crate::wire::Reply| reply.text("statusCode");
        assert_eq!(code(house.ask(&me.status(&runs[mine])).await), "0");
        assert_eq!(code(house.ask(&me.status(their_run)).await), "-3", "another tenant's run");
        let foreign = [("ofs_tenant_id", them.name.as_str())];
        for verb in ["trigger", "status", "interrupt", "restart", "rerun"] {
            let body = format!(
                r#"{{"batchName": "SAME", "batchType": "rest", "batchRunId": "{their_run}"}}"#
            );
            let reply = house.ask(&me.call(verb, &foreign, &body)).await;
            assert_eq!(code(reply), "-5", "{verb} in another tenant");
        }
        let canary = format!("canary of {}", them.name);
        for path in [
            "/api/v1/runs".to_owned(),
            "/api/v1/definitions".to_owned(),
            format!("/api/v1/runs/{their_run}"),
            format!("/api/v1/runs/{their_run}/tasks/T1/log"),
        ] {
            let reply = house.ask(&me.request("GET", &path, &[], "")).await;
            let leak = [canary.as_str(), their_run, them.name.as_str()];
            let echo = path.contains(their_run);
            for leak in leak.into_iter().filter(|leak| !(echo && *leak == their_run)) {
                assert!(!reply.body.contains(leak), "{path} shows {leak}: {reply:?}");
            }
        }
    }
    assert_ne!(runs[0], runs[1], "the same key of two tenants is two keys");
    assert_eq!(house.tenants[1].name, SECOND);
    house.close();
}
