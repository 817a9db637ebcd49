//! Times as people read them, in their own zone.

use crate::texts::Texts;
use bus_core::api::Time;

/// Day and time of day.
#[cfg(target_arch = "wasm32")]
pub(crate) fn when(time: Time, texts: Texts) -> String {
    use js_sys::{Date, Object, Reflect};
    use wasm_bindgen::JsValue;
    let options = Object::new();
    for (name, value) in [("dateStyle", "medium"), ("timeStyle", "short")] {
        Reflect::set(&options, &name.into(), &value.into()).unwrap_or_default();
    }
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of our age fit")]
    let date = Date::new(&JsValue::from_f64(time.0 as f64));
    date.to_locale_string(texts.locale(), &options).into()
}

/// Day and time of day.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn when(time: Time, _: Texts) -> String {
    time.to_string()
}

/// Now, as the clock of whoever looks has it.
#[cfg(target_arch = "wasm32")]
#[expect(clippy::cast_possible_truncation, reason = "milliseconds of our age fit")]
pub(crate) fn now() -> Time {
    Time(js_sys::Date::now() as i64)
}

/// Now; where pages are rendered without a browser, time stands still.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) const fn now() -> Time {
    Time(0)
}
