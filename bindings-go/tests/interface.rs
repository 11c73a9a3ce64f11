//! The interface as uniffi exports it is the one that the Go module was written against.
//! uniffi's checksums, which Go compares at first use, cover signatures but not the
//! layout of what crosses in a buffer; this covers all of it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by failing")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use uniffi_bindgen::interface::{Argument, AsType as _, Callable, Field, Type};
use uniffi_bindgen::{BindgenLoader, BindgenPaths, ComponentInterface, GlobalConfig};

#[test]
fn the_interface_is_the_one_that_go_was_written_against() {
    let interface = load();
    check("interface.txt", &describe(&interface));
    let functions = functions(&interface);
    check("interface.h", &header(&interface, &functions));
    check("directives.go", &directives(&interface, &functions));
}

/// Compares a file of the Go module with what it is to be.
fn check(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("internal/ffi").join(name);
    if std::env::var_os("UPDATE_INTERFACE").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let written_against = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        actual == written_against,
        "the interface has changed. Change internal/ffi of the Go module accordingly, then run this test with \
         UPDATE_INTERFACE=1. {name} is now:\n{actual}"
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

/// A function as C and Go see it.
struct Function {
    /// What its object is called in C, if it is a method.
    of: Option<String>,
    /// What C calls it, and uniffi.
    name: String,
    symbol: String,
    arguments: Vec<(String, Crosses)>,
    returns: &'static str,
}

/// How an argument crosses: as itself, lent, or laid out in a buffer that is copied.
enum Crosses {
    Plain(&'static str),
    Lent,
    Copied,
}

fn functions(interface: &ComponentInterface) -> Vec<Function> {
    let function = |of: Option<&str>, symbol: &str, callable: &dyn Callable| Function {
        of: of.map(str::to_owned),
        name: ["fn_func_", "fn_constructor_", "fn_method_"]
            .iter()
            .find_map(|kind| symbol.split_once(kind))
            .map(|(_, name)| format!("linktor_{name}"))
            .unwrap(),
        symbol: symbol.to_owned(),
        arguments: callable.arguments().into_iter().map(|one| (one.name().to_owned(), crosses(one))).collect(),
        returns: callable.return_type().map_or("void", |kind| plain(kind).unwrap_or("RustBuffer")),
    };
    let mut functions: Vec<_> =
        interface.function_definitions().iter().map(|one| function(None, one.ffi_func().name(), one)).collect();
    for object in interface.object_definitions() {
        let made = object.constructors().into_iter().map(|one| function(None, one.ffi_func().name(), one));
        functions.extend(made);
        let of = object.name().to_lowercase();
        functions.extend(object.methods().into_iter().map(|one| function(Some(&of), one.ffi_func().name(), one)));
    }
    functions
}

fn crosses(argument: &Argument) -> Crosses {
    if argument.is_borrowed_bytes() {
        return Crosses::Lent;
    }
    plain(&argument.as_type()).map_or(Crosses::Copied, Crosses::Plain)
}

fn plain(kind: &Type) -> Option<&'static str> {
    match kind {
        Type::UInt64 | Type::Object { .. } => Some("uint64_t"),
        Type::UInt32 => Some("uint32_t"),
        Type::UInt16 => Some("uint16_t"),
        Type::Boolean => Some("int8_t"),
        _ => None,
    }
}

/// uniffi's functions, and for each one that C makes of two: an argument is copied into
/// Rust, or a handle cloned, and then the function is called.
fn header(interface: &ComponentInterface, functions: &[Function]) -> String {
    let mut text = "/* Written by tests/interface.rs: see linktor.h. */\n\n".to_owned();
    for object in interface.object_definitions() {
        let name = object.name().to_lowercase();
        writeln!(text, "OBJECT({name})").unwrap();
    }
    for Function { of, name, symbol, arguments, returns } in functions {
        let joined = |own: Option<String>, each: fn(&str, &Crosses) -> String, last: &str| {
            let arguments = arguments.iter().map(|(name, crosses)| each(name, crosses));
            own.into_iter().chain(arguments).chain([last.to_owned()]).collect::<Vec<_>>().join(", ")
        };
        let prototype = joined(
            of.as_ref().map(|_| "uint64_t handle".to_owned()),
            |name, crosses| match crosses {
                Crosses::Plain(kind) => format!("{kind} {name}_"),
                Crosses::Lent => format!("ForeignBytes {name}_"),
                Crosses::Copied => format!("RustBuffer {name}_"),
            },
            "RustCallStatus *status",
        );
        let given = joined(
            of.as_ref().map(|_| "uint64_t handle".to_owned()),
            |name, crosses| match crosses {
                Crosses::Plain(kind) => format!("{kind} {name}_"),
                Crosses::Lent | Crosses::Copied => format!("LENT({name}_)"),
            },
            "RustCallStatus *status",
        );
        let passed = joined(
            of.as_ref().map(|object| format!("CLONE({object})")),
            |name, crosses| match crosses {
                Crosses::Plain(_) => format!("{name}_"),
                Crosses::Lent => format!("BYTES({name}_)"),
                Crosses::Copied => format!("COPY({name}_)"),
            },
            "status",
        );
        let call = format!("{symbol}({passed})");
        let body = match *returns {
            "void" => format!("{call};\n    linktor_ended(status);"),
            "RustBuffer" => format!("return linktor_taken({call}, status);"),
            other => format!("{other} result = {call};\n    linktor_ended(status);\n    return result;"),
        };
        writeln!(
            text,
            "\n{returns} {symbol}({prototype});\nstatic inline {returns} {name}({given}) {{\n    {body}\n}}"
        )
        .unwrap();
    }
    text.push_str("\n/* The name of what is not as in interface.txt, or NULL. */\n");
    for (name, _) in interface.iter_checksums() {
        writeln!(text, "uint16_t {name}(void);").unwrap();
    }
    text.push_str("static inline const char *linktor_mismatch(void) {\n");
    let contract = interface.uniffi_contract_version();
    writeln!(
        text,
        "    if (ffi_linktor_ffi_uniffi_contract_version() != {contract}) return \"uniffi's contract version\";"
    )
    .unwrap();
    for (name, checksum) in interface.iter_checksums() {
        let (_, short) = name.split_once("_checksum_").unwrap();
        writeln!(text, "    if ({name}() != {checksum}) return \"{short}\";").unwrap();
    }
    text.push_str("    return NULL;\n}\n");
    text
}

/// What Go may count on: none of the functions keeps a pointer, or calls Go.
fn directives(interface: &ComponentInterface, functions: &[Function]) -> String {
    let objects = interface.object_definitions().iter();
    let mut names: Vec<_> = objects.map(|one| format!("linktor_{}_free", one.name().to_lowercase())).collect();
    names.extend(functions.iter().map(|one| one.name.clone()));
    names.extend(["linktor_buffer_free", "linktor_mismatch"].map(str::to_owned));
    names.sort();
    let lines = |what: &str| names.iter().map(|name| format!("#cgo {what} {name}\n")).collect::<String>();
    format!(
        "package ffi\n\n// Written by tests/interface.rs.\n\n/*\n{}{}#include \"linktor.h\"\n*/\nimport \"C\"\n",
        lines("noescape"),
        lines("nocallback")
    )
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
