//! A code and a refresh token, used a hundred times at once, while the server is killed in between.

use crate::house::{ANNA, House, PASSWORD, VERIFIER};
use crate::wire::Reply;
use tokio::task::JoinSet;

const SCOPE: &str = "urn:opc:idm:__myscopes__ offline_access";
/// How many use it before the server is killed, and how many afterwards.
const EACH_TIME: usize = 50;

#[tokio::test]
async fn of_a_hundred_redemptions_of_a_code_one_succeeds_although_the_server_is_killed_meanwhile() {
    let mut house = House::open();
    let code = house.code("web", &[("scope", SCOPE)]).await;
    let code = [("grant_type", "authorization_code"), ("code", &code), ("code_verifier", VERIFIER)];
    let won = the_only_success(&mut house, &code).await;
    assert_nothing_is_left(&house, &won).await;
}

#[tokio::test]
async fn of_a_hundred_uses_of_a_refresh_token_one_succeeds_although_the_server_is_killed_meanwhile()
{
    let mut house = House::open();
    let refresh = house.log_in(ANNA, PASSWORD, SCOPE).await.text("refresh_token");
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let won = the_only_success(&mut house, &refresh).await;
    assert_nothing_is_left(&house, &won).await;
}

/// Sends the same form from many callers, kills the server as soon as one of them has succeeded, and lets as many again try.
async fn the_only_success(house: &mut House, form: &[(&str, &str)]) -> Reply {
    let mut replies = Vec::new();
    let mut running = at_once(house, form);
    while let Some(ended) = running.join_next().await {
        replies.extend(ended.unwrap());
        if replies.last().is_some_and(|reply: &Reply| reply.status == 200) {
            break;
        }
    }
    house.kill_and_serve_again();
    replies.extend(running.join_all().await.into_iter().flatten());
    let after = at_once(house, form).join_all().await;
    assert!(after.iter().all(Option::is_some), "the server is there again");
    replies.extend(after.into_iter().flatten());
    let (mut good, refused): (Vec<_>, Vec<_>) =
        replies.into_iter().partition(|reply| reply.status == 200);
    for reply in refused {
        assert_eq!(reply.refusal(), (400, "invalid_grant".to_owned()), "{reply:?}");
    }
    assert_eq!(good.len(), 1, "{good:?}");
    good.remove(0)
}

/// The other uses ended all that the first one got.
async fn assert_nothing_is_left(house: &House, won: &Reply) {
    assert_eq!(house.asks(&won.text("access_token")).await, 401);
    let next = won.text("refresh_token");
    let next = [("grant_type", "refresh_token"), ("refresh_token", next.as_str())];
    let refused = house.token(house.web(), &next).await;
    assert_eq!(refused.refusal(), (400, "invalid_grant".to_owned()));
}

fn at_once(house: &House, form: &[(&str, &str)]) -> JoinSet<Option<Reply>> {
    let request = house.client.post(house.url("/oauth2/v1/token"));
    let request = request.basic_auth("web", Some(house.web().secret)).form(form);
    let mut running = JoinSet::new();
    for _ in 0..EACH_TIME {
        running.spawn(Reply::if_answered(request.try_clone().unwrap()));
    }
    running
}
