//! Implements serde and JSON Schema for types that are text in documents: `FromStr` parses it,
//! `Display` writes it.

/// Implements serde's traits with the type's `FromStr` and `Display`. The caller depends on serde.
#[cfg(feature = "serde")]
#[macro_export]
macro_rules! serde_by_text {
    ($type:ty) => {
        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                let text = <::std::borrow::Cow<'de, str> as ::serde::Deserialize>::deserialize(
                    deserializer,
                )?;
                text.parse().map_err(::serde::de::Error::custom)
            }
        }

        impl ::serde::Serialize for $type {
            fn serialize<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

/// Implements `JsonSchema` as the schema of a string with these further keywords, inlined where the
/// type is used. The caller depends on schemars.
#[cfg(feature = "schemars")]
#[macro_export]
macro_rules! schema_by_text {
    ($type:ident, { $($keyword:literal: $value:tt),* $(,)? }) => {
        impl ::schemars::JsonSchema for $type {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                ::std::stringify!($type).into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                ::schemars::json_schema!({ "type": "string" $(, $keyword: $value)* })
            }

            fn inline_schema() -> bool {
                true
            }
        }
    };
}
