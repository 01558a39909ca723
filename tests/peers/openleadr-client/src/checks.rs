// SPDX-License-Identifier: LGPL-2.1-or-later
use crate::objects::{event, program};
use crate::{Outcome, client_of};
use chrono::{DateTime, TimeDelta, Utc};
use openleadr_client::{BusinessLogic, Client, Error, Filter, PaginationOptions, VirtualEndNode};
use openleadr_wire::{
    event::EventType, event::Priority, values_map::Value, ven::BlVenRequest, ven::VenVenRequest,
};
use serde_json::{from_value, json};
use std::collections::HashSet;

type Business = Client<BusinessLogic>;
type Ven = Client<VirtualEndNode>;

fn ensure(is_so: bool, what: &str) -> Outcome {
    if is_so { Ok(()) } else { Err(what.into()) }
}

/// The status of the problem that a call must have ended with.
fn problem<T>(result: Result<T, Error>, status: u16) -> Outcome {
    match result {
        Err(Error::Problem(problem)) if problem.status.as_u16() == status => Ok(()),
        Err(other) => Err(format!("instead of a problem {status}: {other}").into()),
        Ok(_) => Err(format!("instead of a problem {status}: it was done").into()),
    }
}

fn start() -> DateTime<Utc> {
    "2025-10-01T00:00:00Z".parse().unwrap()
}

fn own_ven(business_name: &str, client_id: &str, targets: &[&str]) -> Outcome<BlVenRequest> {
    Ok(from_value(json!({"venName": business_name, "clientID": client_id, "targets": targets}))?)
}

async fn token(_: &Business, _: &Ven) -> Outcome {
    let stranger: Business = client_of("BUSINESS", Some("wrong"))?;
    match stranger.get_program_list(Filter::none()).await {
        Err(Error::AuthProblem(_)) => Ok(()),
        Err(other) => Err(format!("another refusal: {other}").into()),
        Ok(_) => Err("a wrong secret was let in".into()),
    }
}

async fn programs(business: &Business, ven: &Ven) -> Outcome {
    let mut made = business.create_program(program("programs", &[])?).await?;
    let read = business.get_program_by_id(made.id()).await?;
    ensure(read.content() == made.content() && read.content() == &program("programs", &[])?, "it reads otherwise")?;
    let listed = ven.get_program_list(Filter::none()).await?;
    ensure(listed.iter().any(|p| p.id() == made.id()), "the VEN does not see it")?;
    problem(business.create_program(program("programs", &[])?).await, 409)?;
    problem(ven.create_program(program("of a ven", &[])?).await, 403)?;
    let before = made.modification_date_time();
    made.content_mut().program_name = "renamed".to_string();
    made.update().await?;
    ensure(made.modification_date_time() > before, "no new modification time")?;
    ensure(made.created_date_time() == read.created_date_time(), "another creation time")?;
    let id = made.id().clone();
    let gone = made.delete().await?;
    ensure(gone.content.program_name == "renamed", "the answer to DELETE is not the object")?;
    problem(business.get_program_by_id(&id).await, 404)
}

async fn events(business: &Business, ven: &Ven) -> Outcome {
    let owner = business.create_program(program("events", &[])?).await?;
    let wanted = event(owner.id(), start(), "PRICE", 0.25)?;
    let price = owner.create_event(wanted.clone()).await?;
    ensure(price.content() == &wanted, "a price reads otherwise")?;
    let later = start() + TimeDelta::hours(1);
    let mut control = owner.create_event(event(owner.id(), later, "x-loadControlCapacity", 0.5)?).await?;
    ensure(ven.get_event_by_id(control.id()).await?.content() == control.content(), "the VEN reads otherwise")?;

    let timeline = ven.get_program_by_id(owner.id()).await?.get_timeline(Filter::none()).await?;
    let (_, now) = timeline.at_datetime(&(start() + TimeDelta::minutes(30))).ok_or("no price in the timeline")?;
    ensure(now.value_map()[0].values == [Value::Number(0.25)], "another price in the timeline")?;
    let (_, now) = timeline.at_datetime(&later).ok_or("no load control in the timeline")?;
    ensure(now.value_map()[0].value_type == EventType::Private("x-loadControlCapacity".into()), "another type")?;

    control.content_mut().priority = Priority::MAX;
    control.content_mut().intervals.as_mut().ok_or("no intervals")?[0].payloads[0].values = vec![Value::Number(0.75)];
    control.update().await?;
    ensure(ven.get_event_by_id(control.id()).await?.content() == control.content(), "the change is not seen")?;
    problem(ven.get_event_by_id(control.id()).await?.update().await, 403)?;
    let id = control.id().clone();
    control.delete().await?;
    problem(ven.get_event_by_id(&id).await, 404)?;
    problem(business.get_program_by_id(owner.id()).await?.delete().await, 409)?;
    price.delete().await?;
    owner.delete().await?;
    Ok(())
}

async fn vens(business: &Business, ven: &Ven) -> Outcome {
    let mut own = ven.create_ven(from_value::<VenVenRequest>(json!({"venName": "by itself"}))?).await?;
    let foreign = business.create_ven(own_ven("foreign", "somebody", &[])?).await?;
    problem(business.create_ven(own_ven("foreign", "other", &[])?).await, 409)?;
    problem(ven.get_ven_by_id(foreign.id()).await, 404)?;
    ensure(ven.get_ven_list(Filter::none()).await?.len() == 1, "the VEN sees others")?;
    ensure(ven.get_ven_by_name("by itself").await?.id() == own.id(), "not found by its name")?;
    ensure(business.get_ven_list(Filter::none()).await?.len() == 2, "the business logic does not see both")?;
    // a VEN grants itself nothing
    own.content_mut().targets = vec!["north".parse()?];
    own.content_mut().ven_name = "renamed".into();
    own.update().await?;
    ensure(own.content().ven_name == "renamed" && own.content().targets.is_empty(), "a VEN's PUT did otherwise")?;
    let mut granted = business.get_ven_by_id(own.id()).await?;
    granted.content_mut().targets = vec!["north".parse()?];
    granted.update().await?;
    ensure(ven.get_ven_by_id(own.id()).await?.content().targets.len() == 1, "the grant is not seen")?;
    foreign.delete().await?;
    own.delete().await?;
    Ok(())
}

async fn resources(business: &Business, ven: &Ven) -> Outcome {
    let own = ven.create_ven(from_value::<VenVenRequest>(json!({"venName": "with resources"}))?).await?;
    let granted = business.get_ven_by_id(own.id()).await?;
    let given = granted.create_resource("given", None, vec!["south".parse()?]).await?;
    // the client names no ven here
    let mut made = own.create_resource("made", Some(from_value(json!([{"type": "LOCATION", "values": [-61.0, 14.6]}]))?)).await?;
    ensure(made.content().ven_id == *own.id(), "the ven is not its only one")?;
    problem(own.create_resource("made", None).await.map(|_| ()), 409)?;
    ensure(own.get_resource_by_name("given").await?.content() == given.content(), "the given one reads otherwise")?;
    made.content_mut().resource_name = "renamed".into();
    made.update().await?;
    ensure(own.get_resource_by_id(made.id()).await?.content().resource_name == "renamed", "its PUT did nothing")?;
    problem(granted.delete().await, 409)?;
    given.delete().await?;
    let id = made.id().clone();
    made.delete().await?;
    problem(own.get_resource_by_id(&id).await, 404)?;

    // with two vens it has to say which
    let second = ven.create_ven(from_value::<VenVenRequest>(json!({"venName": "second"}))?).await?;
    problem(own.create_resource("of which", None).await, 400)?;
    second.delete().await?;
    own.delete().await?;
    Ok(())
}

/// The list of resources is asked for at the root of the server, below which base path the VTN may ever be.
async fn resource_list(business: &Business, _: &Ven) -> Outcome {
    let parent = business.create_ven(own_ven("listed", "lister", &[])?).await?;
    let resource = parent.create_resource("listed", None, vec![]).await?;
    ensure(parent.get_all_resources(None).await.is_err(), "the client has been mended: check the list")?;
    resource.delete().await?;
    parent.delete().await?;
    Ok(())
}

async fn targets(business: &Business, ven: &Ven) -> Outcome {
    let own = ven.create_ven(from_value::<VenVenRequest>(json!({"venName": "with targets"}))?).await?;
    let north = business.create_program(program("north", &["north"])?).await?;
    let both = business.create_program(program("both", &["north", "south"])?).await?;
    let hidden = business.create_program(program("hidden", &["south"])?).await?;
    let found = business.get_program_list(Filter::By(&["south"])).await?;
    ensure(found.len() == 2 && found.iter().all(|p| p.id() != north.id()), "the filter by target")?;
    problem(ven.get_program_by_id(north.id()).await, 404)?;
    let mut granted = business.get_ven_by_id(own.id()).await?;
    granted.content_mut().targets = vec!["north".parse()?];
    granted.update().await?;
    let seen = ven.get_program_list(Filter::none()).await?;
    ensure(seen.iter().any(|p| p.id() == north.id()), "not seen with the grant")?;
    ensure(seen.iter().all(|p| p.id() != hidden.id()), "seen without the grant")?;
    let shown = ven.get_program_by_id(both.id()).await?;
    ensure(shown.content().targets == vec!["north".parse()?], "targets of others are shown")?;
    for made in [north, both, hidden] {
        made.delete().await?;
    }
    own.delete().await?;
    Ok(())
}

async fn paging(business: &Business, ven: &Ven) -> Outcome {
    let owner = business.create_program(program("pages", &[])?).await?;
    for hour in 0..55 {
        owner.create_event(event(owner.id(), start() + TimeDelta::hours(hour), "PRICE", 0.25)?).await?;
    }
    let listed = ven.get_event_list(Some(owner.id()), Filter::none()).await?;
    let ids: HashSet<_> = listed.iter().map(|e| e.id().clone()).collect();
    ensure(listed.len() == 55 && ids.len() == 55, "not 55 events in two pages")?;
    for (skip, limit, length) in [(0, 20, 20), (40, 20, 15), (55, 20, 0)] {
        let page = owner.get_events_request(Filter::none(), PaginationOptions { skip, limit }).await?;
        ensure(page.len() == length, "a page of another length")?;
    }
    problem(owner.get_events_request(Filter::none(), PaginationOptions { skip: 0, limit: 51 }).await, 400)?;
    for made in business.get_event_list(Some(owner.id()), Filter::none()).await? {
        made.delete().await?;
    }
    owner.delete().await?;
    Ok(())
}

async fn problems(business: &Business, ven: &Ven) -> Outcome {
    let owner = business.create_program(program("problems", &[])?).await?;
    problem(business.get_event_by_id(&"nothing".parse()?).await, 404)?;
    let price = owner.create_event(event(owner.id(), start(), "PRICE", 0.25)?).await?;
    // reports are not offered yet, and say so
    problem(ven.get_event_by_id(price.id()).await?.create_report(price.new_report("ven".into())).await, 501)?;
    problem(price.get_report_list(None).await, 501)?;
    let mut lost = owner.create_event(event(owner.id(), start(), "PRICE", 0.5)?).await?;
    lost.content_mut().program_id = "nowhere".parse()?;
    problem(lost.update().await, 409)?;
    lost.delete().await?;
    price.delete().await?;
    owner.delete().await?;
    Ok(())
}

/// All checks; the exit status.
pub async fn run(business: &Business, ven: &Ven) -> i32 {
    let mut failed = 0;
    macro_rules! each {
        ($($check:ident),*) => {$(
            match $check(business, ven).await {
                Ok(()) => println!("ok - {}", stringify!($check)),
                Err(why) => {
                    println!("not ok - {}\n# {why}", stringify!($check));
                    failed = 1;
                }
            }
        )*};
    }
    each!(token, programs, events, vens, resources, resource_list, targets, paging, problems);
    failed
}
