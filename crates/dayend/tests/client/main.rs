//! The real binary as its users run it: client commands, the demo, the sample night.

mod cli;
mod demo;
mod login;
mod night;
mod people;
mod support;
mod token;
