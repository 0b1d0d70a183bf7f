//! The network for the identity service: other issuers' keys come under the rules of HTTP tasks.

use async_trait::async_trait;
use dayend_executor::Executors;
use dayend_identity::issuers::Documents;
use std::sync::Arc;

/// Reads documents with the executors' client.
pub(super) struct FromNetwork(pub(super) Arc<Executors>);

#[async_trait]
impl Documents for FromNetwork {
    async fn document(&self, url: &str, ca_file: Option<&str>) -> Result<Vec<u8>, String> {
        self.0.document(url, ca_file).await
    }
}
