//! `/sim/faults`.

use actix_web::{
    HttpResponse,
    web::{Data, Json},
};
use serde::Deserialize;

use super::Operator;
use crate::{
    faults::{Plan, Rule},
    simulation::Simulation,
};

/// Rules to add.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    rules: Vec<Rule>,
}

/// What goes wrong now.
pub async fn plan(_: Operator, simulation: Data<Simulation>) -> HttpResponse {
    HttpResponse::Ok().json(simulation.faults.plan())
}

/// Replaces all that goes wrong.
pub async fn set(_: Operator, simulation: Data<Simulation>, plan: Json<Plan>) -> HttpResponse {
    simulation.faults.set(plan.into_inner());
    HttpResponse::Ok().json(simulation.faults.plan())
}

/// Has more go wrong.
pub async fn add(_: Operator, simulation: Data<Simulation>, rules: Json<Rules>) -> HttpResponse {
    simulation.faults.add(rules.into_inner().rules);
    HttpResponse::Ok().json(simulation.faults.plan())
}

/// Nothing goes wrong any more.
pub async fn clear(_: Operator, simulation: Data<Simulation>) -> HttpResponse {
    simulation.faults.set(Plan::default());
    HttpResponse::Ok().json(simulation.faults.plan())
}
