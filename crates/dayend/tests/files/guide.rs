//! The commands of the guide and of the cloud service's manuals, to the letter.

use crate::desk::{Desk, content};
use crate::outside::curl::{curl, shell};

/// The last sample of the guide, as it is printed there.
const SAMPLE: &str = r#"curl -iL -H "Authorization: Bearer <AUTH_TOKEN>"  \
\
-H "Content-Type: application/json" -d '{"type": "files", "data": [{"fileName": "testtoken", "mimeType": "text/plain", "fileSize": 123}]}' --cacert outcert.pem -X POST https://<OCI-URL>/<TENANT><APP_ID>/dsa/utils/getObjStoreParUrl"#;

#[test]
fn the_sample_of_the_guide_gets_a_url_that_curl_can_upload_to() {
    let desk = Desk::new();
    let command = SAMPLE
        .replace("<AUTH_TOKEN>", &desk.token)
        .replace("outcert.pem", &desk.authority())
        .replace("https://<OCI-URL>", &desk.server.base_url)
        .replace("<TENANT>", &desk.tenant())
        .replace("<APP_ID>", "_APPID")
        .replace("\\\n\\\n", "\\\n");
    let answer = curl(&command.replace("curl -iL", "curl -iL --silent --show-error"));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(!answer.body.contains([' ', '\n']), "compact: {}", answer.body);
    let told = answer.json();
    assert_eq!(
        (told["status"].as_str(), told["statusCode"].as_str()),
        (Some("success"), Some("0"))
    );
    let entry = told["body"]["success"][0].as_object().unwrap();
    assert_eq!(entry.keys().take(3).collect::<Vec<_>>(), ["fileName", "fileId", "uploadURL"]);
    assert_eq!(entry["fileName"], "testtoken");
    assert!(entry["fileId"].as_u64().is_some_and(|id| id < 1 << 53), "{entry:?}");
    let url = entry["uploadURL"].as_str().unwrap();
    let (file, bytes) = (desk.scratch().join("local"), content(123));
    std::fs::write(&file, &bytes).unwrap();
    // As the manual of the object storage writes it.
    let put = shell(&format!(
        "curl --cacert {} --silent --show-error -X PUT --data-binary '@{}' '{url}'",
        desk.authority(),
        file.display()
    ));
    assert_eq!(put, "");
    assert_eq!(desk.bytes(&desk.download_link("testtoken")), bytes);
}

/// The scripts of the manual: what `grep` finds, cut at the first comma, less its last character.
const SCRIPT: &str = r#"
curl --location --silent --show-error --cacert "$CA" --request POST "$FILEUPLOADURL" --header "Authorization: Bearer $access_token" --header 'Content-Type: application/json' --data-raw "{
    \"fileName\": \"$1\",
    \"fileSize\": \"$2\",
    \"mimeType\": \"$3\"
}" >> "$HOME"/"$1"_PARURLresponse.out 2>&1

grep -oE '(https)[^ ]*' "$HOME"/"$1"_PARURLresponse.out > "$HOME"/"$1"_PARURLresponse1.csv
while IFS="," read -r H1 H2
do
    URLtrim="$H1"
    FinalPAR=${URLtrim::-1}
done < "$HOME"/"$1"_PARURLresponse1.csv

grep -oE '(fileId)[^ ]*' "$HOME"/"$1"_PARURLresponse.out > "$HOME"/"$1"_PARURLresponse2.csv
while IFS="," read -r F1 F2
do
    FILEIDtrim="$F1"
    FINALFILEID=`echo "$FILEIDtrim"| sed -r 's/^.{8}//'`
done < "$HOME"/"$1"_PARURLresponse2.csv

curl --silent --show-error --cacert "$CA" -T "$HOME/$1" -X PUT "$FinalPAR"
curl --silent --show-error --cacert "$CA" --location --request PUT "$SCANURL/$FINALFILEID" --header "Authorization: Bearer $access_token"
"#;

#[test]
fn the_scripts_that_grep_urls_and_ids_out_of_the_answers_work() {
    let desk = Desk::new();
    let bytes = content(100);
    for (name, path, scan) in [
        (
            "idcs_log1.txt",
            "utils-service/v1/file/uploadfile/parURL?prefix=",
            "\"fileName\":\"idcs_log1.txt\"",
        ),
        (
            "night.txt",
            "utils-service/v1/file/uploadfile/parURL?prefix=in",
            "\"fileName\":\"in/night.txt\"",
        ),
        ("ext.txt", "dsa-ext/v1/fileupd/gen-par", "\"fileName\":\"ext.txt\""),
    ] {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(name), &bytes).unwrap();
        let script = home.path().join("script.sh");
        std::fs::write(&script, SCRIPT).unwrap();
        let base = format!("{}/{}", desk.server.base_url, desk.tenant());
        let said = shell(&format!(
            "CA={} HOME={} access_token={} FILEUPLOADURL='{base}/{path}' SCANURL='{base}/utils-service/v1/file/scan' bash -eu {} {name} 100 text/plain",
            desk.authority(),
            home.path().display(),
            desk.token,
            script.display()
        ));
        assert!(said.contains("\"status\":\"success\"") && said.contains(scan), "{name}: {said}");
    }
    let listed = desk
        .ask(&format!("/{}/utils-service/v1/listfiles?stripeName=default", desk.tenant()), "")
        .json();
    let names: Vec<&str> = listed["payload"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["v_file_name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["ext.txt", "idcs_log1.txt", "in/night.txt"]);
    assert_eq!(listed["count"], 3);
    for file in listed["payload"].as_array().unwrap() {
        let id = &file["n_file_id"];
        let path = format!("/{}/utils-service/v1/file/downloadfile/{id}", desk.tenant());
        let found =
            desk.ask(&path, "").json()["payload"]["downloadURL"].as_str().unwrap().to_owned();
        assert!(
            found.contains("?httpResponseContentDisposition=ATTACHMENT%3B%20filename%3D"),
            "{found}"
        );
        assert_eq!(desk.bytes(&found), bytes);
    }
    let by_name = format!(
        "/{}/utils-service/v1/file/download?fileName=night.txt&stripeName=default&prefix=in",
        desk.tenant()
    );
    let found =
        desk.ask(&by_name, "").json()["payload"]["downloadURL"].as_str().unwrap().to_owned();
    assert_eq!(desk.bytes(&found), bytes);
}

#[test]
fn the_calls_need_a_token_a_right_and_the_own_tenant_in_the_path() {
    let desk = Desk::new();
    let tenant = desk.tenant();
    let json = "-H 'Content-Type: application/json' -d '{\"type\":\"files\",\"data\":[{\"fileName\":\"a\",\"fileSize\":1}]}'";
    let path = format!("/{tenant}/dsa/utils/getObjStoreParUrl");
    let nobody = desk.follow(&desk.url(&path), json);
    assert_eq!(nobody.status, 401, "{nobody:?}");
    assert!(nobody.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer")));
    let code = |answer: &crate::outside::curl::Answer| (answer.status, answer.text("statusCode"));
    assert_eq!(code(&desk.ask("/other/dsa/utils/getObjStoreParUrl", json)), (400, "-5".to_owned()));
    let foreign = desk.ask(&path, &format!("{json} -H 'ofs_tenant_id: other'"));
    assert_eq!(code(&foreign), (400, "-5".to_owned()));
    let unknown = desk.ask(&path, &format!("{json} -H 'ofs_workspace_id: WS999'"));
    assert_eq!(code(&unknown), (400, "-5".to_owned()));
    for bad in [
        "'{}'",
        "'[]'",
        "'{\"data\":[]}'",
        "'{\"data\":[{\"fileName\":\"a\",\"fileSize\":-1}]}'",
        "'{\"data\":[{\"fileSize\":1}]}'",
        "'{\"data\":[{\"fileName\":1}]}'",
        "'{'",
    ] {
        let answer = desk.ask(&path, &format!("-H 'Content-Type: application/json' -d {bad}"));
        assert_eq!(code(&answer), (400, "-4".to_owned()), "{bad}");
    }
    let missing =
        desk.ask(&format!("/{tenant}/utils-service/v1/file/download?fileName=nothing"), "");
    assert_eq!(code(&missing), (404, "-3".to_owned()));
    let waiting =
        desk.par_url("later.csv", "5").json()["body"]["success"][0]["fileId"].as_u64().unwrap();
    let scan = desk.ask(&format!("/{tenant}/utils-service/v1/file/scan/{waiting}"), "-X PUT");
    assert_eq!(code(&scan), (409, "-8".to_owned()));
    let client = desk.home.get("client_id");
    let desk = desk.again(|home| {
        let revoke =
            ["admin", "revoke", "--data", home.text(), "--app", &client, "--functions", "FILE_PUT"];
        crate::server_support::run(&revoke).ok();
    });
    let refused = desk.ask(&path, json);
    assert_eq!(code(&refused), (403, "-1".to_owned()));
}
