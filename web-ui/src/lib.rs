//! The editor of Semantic Bus.

mod api;
mod app;
mod browser;
mod bus;
mod components;
mod editor;
mod form;
mod moment;
mod pages;
mod route;
mod run;
#[cfg(test)]
mod testing;
mod texts;

use wasm_bindgen::prelude::wasm_bindgen;

/// Shows the editor; the browser calls it.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        web_sys::console::error_1(&panic.to_string().into());
    }));
    yew::Renderer::<app::App>::new().render();
}
