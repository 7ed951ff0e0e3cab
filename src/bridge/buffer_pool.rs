//! [`Border`]: what both sides of the border use again and again, so that a batch costs no new memory.
//!
//! Texts are made by the runtime's threads and read in JavaScript's: malloc would map their pages anew for every batch,
//! and clear each of them first.

use std::sync::{Arc, Mutex};

use napi::bindgen_prelude::{Buffer, Env, Float64Array, Result, ToNapiValue};
use napi::{JsValue, sys};

use crate::sync::lock;

/// Rooms that are kept: one crosses while others fill.
const SPARE_ROOMS: usize = 4;
/// A room that had to hold more, for a very long line, is not kept.
const LARGEST_ROOM: usize = 256 * 1024;

/// Of one engine.
pub struct Border {
    /// Where rows go; read and written in JavaScript's thread alone.
    table: Mutex<Buffer>,
    spare: Mutex<Vec<Room>>,
}

/// Room for a batch.
#[derive(Default)]
pub struct Room {
    pub text: String,
    /// Something in it is no ASCII.
    pub is_foreign: bool,
    pub rows: Vec<[f64; 4]>,
}

impl Border {
    pub fn new(table: Buffer) -> Arc<Self> {
        Arc::new(Self { table: Mutex::new(table), spare: Mutex::default() })
    }

    /// An empty room.
    pub fn room(&self) -> Room {
        lock(&self.spare).pop().unwrap_or_default()
    }

    /// Puts numbers where JavaScript reads them; what does not fit is given back as an array of its own.
    pub fn write(&self, numbers: &[f64]) -> Option<Float64Array> {
        let mut table = lock(&self.table);
        if size_of_val(numbers) > table.len() {
            return Some(Float64Array::new(numbers.to_vec()));
        }
        for (place, number) in table.chunks_exact_mut(size_of::<f64>()).zip(numbers) {
            place.copy_from_slice(&number.to_ne_bytes());
        }
        None
    }

    fn give_back(&self, mut room: Room) {
        room.text.clear();
        room.rows.clear();
        room.is_foreign = false;
        let mut spare = lock(&self.spare);
        if spare.len() < SPARE_ROOMS && room.text.capacity() <= LARGEST_ROOM {
            spare.push(room);
        }
    }
}

/// A batch's text; once it has crossed, its room is free for the next.
pub struct Text {
    room: Room,
    border: Arc<Border>,
}

impl Text {
    pub fn new(room: Room, border: &Arc<Border>) -> Self {
        Self { room, border: Arc::clone(border) }
    }
}

impl ToNapiValue for Text {
    #[expect(unsafe_code, reason = "the trait's method is")]
    unsafe fn to_napi_value(env: sys::napi_env, text: Self) -> Result<sys::napi_value> {
        let (bytes, is_ascii) = (text.room.text.as_str(), !text.room.is_foreign);
        if is_ascii {
            // ASCII is Latin-1, which V8 need not decode.
            return Env::from_raw(env).create_string_latin1(bytes).map(|string| string.raw());
        }
        // SAFETY: the caller's promise of a valid environment, on its own thread, is passed on as it is.
        unsafe { <&str>::to_napi_value(env, bytes) }
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        self.border.give_back(std::mem::take(&mut self.room));
    }
}
