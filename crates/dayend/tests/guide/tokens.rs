//! Chapter 2: the certificate, the access token, the refresh token, and a call with it.

use crate::outside::curl::{curl, shell};
use crate::samples::{command, response};
use crate::shape::{assert_run_id, shape};
use crate::stage::Stage;

#[test]
fn the_token_samples_are_answered_as_the_guide_prints_them_and_the_tokens_are_good() {
    let mut stage = Stage::new();
    let batch = stage.chance.code("batch");
    stage.apply(&format!(
        "apiVersion: dayend/v1\nkind: Batch\ncode: {batch}\ntasks: [{{ code: A, noop: {{}} }}]\n"
    ));
    let authority = stage.authority();
    let host = stage.server.base_url.strip_prefix("https://").unwrap().to_owned();
    let (user, password) = (stage.home.get("user"), stage.home.get("password"));
    let filling = [
        ("<Base64 Encoded Outh Cred>", stage.basic()),
        // The guide's servers listen on the port that every https server has.
        ("<iam_tenant>:443", host.clone()),
        ("<userid>", user.clone()),
        ("<Password>", password),
    ];
    let filling: Vec<_> = filling.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let first = curl(&command("token.sh", &authority, &filling));
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(shape(&first.json()), shape(&response("token")), "{first:?}");
    assert_token(&first.json(), &response("token"));

    let (basic, refresh_token) = (stage.basic(), first.text("refresh_token"));
    let filling = [
        ("<base64Encoded clientid:secret>", basic.as_str()),
        ("<IdentityDomainURL>", &host),
        ("<refresh_token>", &refresh_token),
    ];
    let second = curl(&command("refresh.sh", &authority, &filling));
    assert_eq!(second.status, 200, "{second:?}");
    assert_eq!(shape(&second.json()), shape(&response("refresh")), "{second:?}");
    assert_token(&second.json(), &response("refresh"));
    assert_ne!(second.text("refresh_token"), refresh_token, "each one is good once");

    let date = stage.date();
    for token in [first.text("access_token"), second.text("access_token")] {
        let headers = crate::stage::Headers { token, ..stage.headers() };
        let body =
            format!(r#"{{"batchName": "{batch}", "batchType": "rest", "$FICMISDATE$": "{date}"}}"#);
        let run = curl(&stage.command("trigger", &body, &headers)).text("batchRunId");
        assert_run_id(&run, &batch, &date);
        assert_eq!(invoke(&stage, &headers.token, &run), 200);
    }
}

#[test]
fn the_certificate_that_the_server_shows_is_enough_to_trust_it() {
    let stage = Stage::new();
    let look = format!("curl -k --silent -o /dev/null -w '%{{certs}}' {}", stage.server.base_url);
    let chain = shell(&look);
    let leaf = chain.split_inclusive("-----END CERTIFICATE-----\n").next().unwrap();
    let pem = &leaf[leaf.find("-----BEGIN CERTIFICATE-----").unwrap()..];
    let file = stage.scratch().join("outcert.pem");
    std::fs::write(&file, pem).unwrap();
    let answer = curl(&format!(
        "curl --silent --show-error -i --cacert {} {}/health",
        file.display(),
        stage.server.base_url
    ));
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// The last sample of the chapter, with the headers that the call needs besides.
fn invoke(stage: &Stage, token: &str, run: &str) -> u16 {
    let headers = stage.headers();
    let url = format!("{}/SchedulerService/rest-api/v1/external/status", stage.server.base_url);
    let body = format!(r#"{{\"batchRunId\": \"{run}\"}}"#);
    let scope = [
        ("ofs_tenant_id", &headers.tenant),
        ("ofs_service_id", &headers.service),
        ("ofs_workspace_id", &headers.workspace),
        ("ofs_remote_user", &headers.user),
    ];
    let scope: Vec<String> =
        scope.iter().map(|(name, value)| format!(" -H \"{name}: {value}\"")).collect();
    let filling = [
        ("<access token>", token),
        ("<content_type>", "application/json"),
        ("<request_body>", &body),
        ("<certificate(.pem)>", &stage.authority()),
        ("<http_verb>", "POST"),
        ("<api_url>", &url),
    ];
    let line = command("invoke.sh", &stage.authority(), &filling);
    let answer = curl(&format!("{line}{}", scope.concat()));
    assert_eq!(answer.text("statusCode"), "0", "{answer:?}");
    answer.status
}

fn assert_token(answer: &serde_json::Value, printed: &serde_json::Value) {
    for key in ["token_type", "expires_in"] {
        assert_eq!(answer[key], printed[key], "{key}");
    }
    let parts = answer["access_token"].as_str().unwrap().split('.').count();
    assert_eq!(parts, 3, "an access token is a signed JWT: {answer}");
}
