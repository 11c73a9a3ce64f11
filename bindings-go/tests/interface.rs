//! The interface as uniffi exports it is the one that the Go module was written against.
//! uniffi's checksums, which Go compares at first use, cover signatures but not the
//! layout of what crosses in a buffer; this covers all of it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by failing")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use uniffi_bindgen::interface::{AsType as _, Callable, Field, Type};
use uniffi_bindgen::{BindgenLoader, BindgenPaths, ComponentInterface, GlobalConfig};

#[test]
fn the_interface_is_the_one_that_go_was_written_against() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("internal/ffi/interface.txt");
    let actual = describe(&load());
    if std::env::var_os("UPDATE_INTERFACE").is_some() {
        std::fs::write(&path, &actual).unwrap();
    }
    let written_against = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        actual == written_against,
        "the interface has changed. Change internal/ffi of the Go module accordingly, then run this test with \
         UPDATE_INTERFACE=1. It is now:\n{actual}"
    );
}

/// The static library beside this test: what Go links, and never stripped.
fn library() -> PathBuf {
    std::env::current_exe().unwrap().with_file_name("liblinktor_ffi.a")
}

fn load() -> ComponentInterface {
    let loader = BindgenLoader::new(BindgenPaths::default(), GlobalConfig::default());
    let library = library();
    let metadata = loader.load_metadata(library.to_str().unwrap().as_ref()).unwrap();
    let mut interfaces = loader.load_cis(metadata).unwrap();
    assert_eq!(interfaces.len(), 1);
    let mut interface = interfaces.remove(0);
    interface.derive_ffi_funcs().unwrap();
    interface
}

fn describe(interface: &ComponentInterface) -> String {
    let mut text = String::new();
    let mut line = |line: String| writeln!(text, "{line}").unwrap();

    line(format!("contract {}", interface.uniffi_contract_version()));
    for function in interface.function_definitions() {
        line(callable("fn", function.name(), function));
    }
    for object in interface.object_definitions() {
        line(format!("object {}", object.name()));
        for constructor in object.constructors() {
            line(callable("  constructor", constructor.name(), constructor));
        }
        for method in object.methods() {
            line(callable("  method", method.name(), method));
        }
    }
    for record in interface.record_definitions() {
        line(format!("record {}", record.name()));
        line(format!("  {}", fields(record.fields())));
    }
    for one in interface.enum_definitions() {
        let what = if interface.is_name_used_as_error(one.name()) { "error" } else { "enum" };
        line(format!("{what} {}{}", one.name(), if one.is_flat() { " (flat)" } else { "" }));
        for (index, variant) in one.variants().iter().enumerate() {
            line(format!("  {} {}({})", index + 1, variant.name(), fields(variant.fields())));
        }
    }
    for callback in interface.callback_interface_definitions() {
        line(format!("callback {}", callback.name()));
    }
    for (name, checksum) in interface.iter_checksums() {
        line(format!("checksum {name} {checksum}"));
    }
    text
}

fn callable(what: &str, name: &str, callable: &dyn Callable) -> String {
    let arguments: Vec<_> = callable
        .arguments()
        .into_iter()
        .map(|one| {
            let reference = if one.by_ref() { "&" } else { "" };
            let kind = if one.is_borrowed_bytes() { "[u8]".to_owned() } else { name_of(&one.as_type()) };
            format!("{}: {reference}{kind}", one.name())
        })
        .collect();
    let returns = callable.return_type().map_or_else(|| "()".to_owned(), name_of);
    let throws = callable.throws_type().map(|one| format!(" throws {}", name_of(one))).unwrap_or_default();
    let is_async = if callable.is_async() { " async" } else { "" };
    format!("{what}{is_async} {name}({}) -> {returns}{throws}", arguments.join(", "))
}

fn fields(fields: &[Field]) -> String {
    fields.iter().map(|one| format!("{}: {}", one.name(), name_of(&one.as_type()))).collect::<Vec<_>>().join(", ")
}

fn name_of(kind: &Type) -> String {
    match kind {
        Type::Object { name, .. } | Type::Record { name, .. } | Type::Enum { name, .. } => name.clone(),
        Type::Sequence { inner_type } => format!("[{}]", name_of(inner_type)),
        Type::Optional { inner_type } => format!("{}?", name_of(inner_type)),
        other => format!("{other:?}"),
    }
}
