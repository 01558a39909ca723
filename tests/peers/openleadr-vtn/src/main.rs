// SPDX-License-Identifier: LGPL-2.1-or-later
//! The VTN of the crate openleadr-vtn, unchanged but for its listener: its own program listens on all addresses, and
//! what a test starts stays on loopback. Users come from the environment, as their secrets are the test's own.

use openleadr_vtn::data_source::{DataSource, Migrate, PostgresStorage};
use openleadr_vtn::{VtnConfig, jwt::Scope, state::AppState};
use std::env::var;

const BUSINESS: [Scope; 4] = [Scope::ReadAll, Scope::WritePrograms, Scope::WriteEvents, Scope::WriteVensBl];
const VEN: [Scope; 3] = [Scope::ReadTargets, Scope::ReadVenObjects, Scope::WriteVensVen];

async fn add_user(storage: &PostgresStorage, client_id: &str, secret: &str, scopes: &[Scope]) {
    let users = storage.auth();
    let user = users.add_user(client_id, None, scopes).await.expect("a user");
    users.add_credential(user.id(), client_id, secret).await.expect("a credential");
}

#[tokio::main]
async fn main() {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let config = VtnConfig::from_env();
    let storage = PostgresStorage::from_env().await.expect("a database");
    storage.migrate().await.expect("its migration");
    if let Ok(secret) = var("PEER_BUSINESS_SECRET") {
        add_user(&storage, "business", &secret, &BUSINESS).await;
    }
    if let Ok(secret) = var("PEER_VEN_SECRET") {
        add_user(&storage, "ven-martinique", &secret, &VEN).await;
    }
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", config.port)).await.expect("a port");
    let router = AppState::new(storage, &config).await.into_router();
    axum::serve(listener, router).await.expect("a server");
}
