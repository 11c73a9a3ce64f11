//! Questions to the user's own token source. The worker thread that asks starts a short
//! thread of its own, and only that one attaches to Python.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use linktor_bridge::{Item, Port};
use pyo3::PyTraverseError;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;

use crate::gate;

/// The function that is told of questions, owned by the client's object so that Python's
/// collector sees through it.
#[derive(Clone, Default)]
pub(crate) struct Desk(Arc<Mutex<Option<Py<PyAny>>>>);

impl Desk {
    pub(crate) fn new(desk: Option<Py<PyAny>>) -> Self {
        Self(Arc::new(Mutex::new(desk)))
    }

    /// A port whose questions are brought here.
    pub(crate) fn port(&self) -> Arc<Port> {
        let desk = self.clone();
        Arc::new_cyclic(|port: &Weak<Port>| {
            let port = Weak::clone(port);
            Port::new(move || {
                let Some(port) = port.upgrade() else { return };
                let (desk, questions) = (desk.clone(), Arc::clone(&port));
                let thread = std::thread::Builder::new().name("linktor-source".to_owned());
                if thread.spawn(move || desk.bring(&questions)).is_err() {
                    refuse(port.drain(), "no thread can be started to ask the token source");
                }
            })
        })
    }

    /// Calls the function with what there is: ids, each with whether a token is wanted or
    /// nobody waits for it any more.
    fn bring(&self, port: &Port) {
        let told = gate::attach(|py| {
            let desk = self.get(py)?;
            let questions: Vec<(u64, bool)> = port
                .drain()
                .into_iter()
                .filter_map(|item| match item {
                    Item::TokenWanted { id, .. } => Some((id, true)),
                    Item::Abandoned { id } => Some((id, false)),
                    Item::Completion { .. } => None,
                })
                .collect();
            // It answers whatever happens; what it cannot even begin is failed here.
            desk.call1(py, (questions.clone(),))
                .map_err(|_| questions.iter().for_each(|&(id, _)| fail(id, "the token source cannot be asked")))
                .ok()
        });
        if told.is_none() {
            refuse(port.drain(), "the interpreter is shutting down");
        }
    }

    fn get(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|desk| desk.clone_ref(py))
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self.0.try_lock() {
            Ok(desk) => visit.call(&*desk),
            Err(_) => Ok(()),
        }
    }

    pub(crate) fn clear(&self) {
        let desk = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(desk);
    }
}

fn refuse(items: Vec<Item>, why: &str) {
    for item in items {
        if let Item::TokenWanted { id, .. } = item {
            fail(id, why);
        }
    }
}

/// Answers a question with JSON.
#[pyfunction]
pub(crate) fn answer(question: u64, json: &str) {
    linktor_bridge::answer(question, json);
}

/// Answers a question with the failure of the user's function.
#[pyfunction]
pub(crate) fn fail(question: u64, message: &str) {
    linktor_bridge::fail(question, message);
}
