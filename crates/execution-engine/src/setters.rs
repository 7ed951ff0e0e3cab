//! Chainable setters, named like the fields they set.

/// `field: Type` sets the field; `field: Option<Type>` sets it to `Some`.
macro_rules! setters {
    ($($name:ident: $($type:ident)::+ $(<$inner:ty>)?),+ $(,)?) => {
        $(setters!(@one $name, $($type)::+ $(<$inner>)?);)+
    };
    (@one $name:ident, Option<$inner:ty>) => {
        setters!(@method $name, $inner, Some);
    };
    (@one $name:ident, $type:ty) => {
        setters!(@method $name, $type, std::convert::identity);
    };
    (@method $name:ident, $type:ty, $wrap:path) => {
        #[doc = concat!("Sets [`", stringify!($name), "`](#structfield.", stringify!($name), ").")]
        #[must_use]
        pub fn $name(mut self, $name: $type) -> Self {
            self.$name = $wrap($name);
            self
        }
    };
}

pub(crate) use setters;
