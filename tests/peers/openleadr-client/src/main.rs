// SPDX-License-Identifier: LGPL-2.1-or-later
//! The crate openleadr-client as business logic and as a VEN at the VTN that the environment names.
//!
//! cariflex-peer-openleadr-client check            all checks, in TAP
//! cariflex-peer-openleadr-client publish START    a price and a load control event of an hour, which stay

mod checks;
mod objects;

use openleadr_client::{BusinessLogic, Client, ClientCredentials, ClientKind, VirtualEndNode};
use std::env::{args, var};

pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// A client with the credentials of that environment prefix.
pub fn client_of<K: ClientKind>(who: &str, secret: Option<&str>) -> Outcome<Client<K>> {
    let secret = match secret {
        Some(text) => text.to_string(),
        None => var(format!("{who}_SECRET"))?,
    };
    Ok(Client::with_details(
        var("VTN_URL")?.parse()?,
        var("TOKEN_URL")?.parse()?,
        reqwest::Client::new(),
        Some(ClientCredentials::new(var(format!("{who}_ID"))?, secret)),
    ))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let business: Client<BusinessLogic> = client_of("BUSINESS", None)?;
    let ven: Client<VirtualEndNode> = client_of("VEN", None)?;
    let words: Vec<String> = args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["check"] => std::process::exit(checks::run(&business, &ven).await),
        ["publish", start] => objects::publish(&business, start.parse()?).await,
        _ => Err("usage: check | publish START".into()),
    }
}
