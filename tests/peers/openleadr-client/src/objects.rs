// SPDX-License-Identifier: LGPL-2.1-or-later
//! Programmes and events as an operator would publish them, in the crate's own types.

use crate::Outcome;
use chrono::{DateTime, Utc};
use openleadr_client::{BusinessLogic, Client};
use openleadr_wire::{event::EventRequest, program::{ProgramId, ProgramRequest}};
use serde_json::{from_value, json};

pub fn program(name: &str, targets: &[&str]) -> Outcome<ProgramRequest> {
    Ok(from_value(json!({
        "programName": name, "targets": targets,
        "intervalPeriod": {"start": "2025-10-01T00:00:00Z", "duration": "PT1H"},
        "payloadDescriptors": [{"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE",
                                "units": "KWH", "currency": "EUR"}]}))?)
}

pub fn event(program: &ProgramId, start: DateTime<Utc>, kind: &str, value: f64) -> Outcome<EventRequest> {
    Ok(from_value(json!({
        "programID": program, "eventName": kind, "priority": null,
        "intervalPeriod": {"start": start.to_rfc3339(), "duration": "PT1H"},
        "intervals": [{"id": 0, "payloads": [{"type": kind, "values": [value]}]}]}))?)
}

pub async fn publish(business: &Client<BusinessLogic>, start: DateTime<Utc>) -> Outcome {
    let program = business.create_program(program("published", &[])?).await?;
    for (kind, value) in [("PRICE", 0.25), ("x-loadControlCapacity", 0.5)] {
        program.create_event(event(program.id(), start, kind, value)?).await?;
    }
    Ok(())
}
