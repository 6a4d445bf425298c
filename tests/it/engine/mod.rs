//! With the real engine and the shipped model. What the model writes is not asserted here,
//! only what must hold whatever it writes; but in `cascade`, where it is what counts.

mod cascade;
mod interrupt;
mod models;
mod safety;
mod templates;
