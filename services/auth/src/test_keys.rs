//! Keys for this crate's unit tests. They sign nothing else.

/// Ed25519, 32 bytes of 0x41, in PKCS#8.
pub(crate) const A: &str = "MC4CAQAwBQYDK2VwBCIEIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB";

/// Ed25519, 32 bytes of 0x42, in PKCS#8.
pub(crate) const B: &str = "MC4CAQAwBQYDK2VwBCIEIEJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC";
