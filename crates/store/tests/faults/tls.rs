use crate::suite::postgres::Server;
use dayend_store::PostgresOptions;
use dayend_store::port::Store as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

#[tokio::test]
async fn with_verify_full_only_the_server_that_the_authority_vouches_for_is_talked_to() {
    let server = Server::start().await;
    let data: String = {
        let mut raw = server.raw("postgres").await;
        sqlx::query_scalar("SHOW data_directory").fetch_one(&mut raw).await.unwrap()
    };
    let keep = tempfile::tempdir().unwrap();
    let (right, wrong) = (authority(), authority());
    let ca_file = |name: &str, authority: &CertifiedIssuer<'_, KeyPair>| {
        let path = keep.path().join(name);
        fs::write(&path, authority.pem()).unwrap();
        path
    };
    let (right_file, wrong_file) = (ca_file("right.pem", &right), ca_file("wrong.pem", &wrong));
    let key = KeyPair::generate().unwrap();
    let names = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = names.signed_by(&key, &right).unwrap();
    give(Path::new(&data), "server.crt", &certificate.pem());
    give(Path::new(&data), "server.key", &key.serialize_pem());
    server.run("postgres", "ALTER SYSTEM SET ssl = on").await;
    server.cluster.stop_server("fast").unwrap();
    server.cluster.start_server().unwrap();

    let by_name = server.url("ready").replace("127.0.0.1", "localhost");
    let verified =
        |url: &str, ca: &PathBuf| format!("{url}?sslmode=verify-full&sslrootcert={}", ca.display());
    let open = async |url: String| server.try_store(&url, PostgresOptions::default()).await;
    let store = open(verified(&by_name, &right_file)).await.unwrap();
    assert_eq!(store.verify().await.unwrap().defects, Vec::<String>::new());
    store.close().await;
    for url in [verified(&by_name, &wrong_file), verified(&server.url("ready"), &right_file)] {
        let error = open(url.clone()).await.unwrap_err().to_string();
        assert!(error.contains("certificate"), "{url}: {error}");
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Puts a file that only the server may read into its directory.
fn give(directory: &Path, name: &str, text: &str) {
    let path = directory.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let owner = fs::metadata(directory).unwrap();
    chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
}
