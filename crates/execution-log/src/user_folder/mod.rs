//! [`UserFolder`]: a folder that belongs to the user who runs this program, and that user's files in it.
//!
//! Other users may have been there first, or may write there too: anyone can create a folder with a known
//! name in a shared temporary folder, and put anything into a folder that is open to all. So the folder is
//! held by a descriptor, everything in it is opened relative to that, and owner and type are checked through
//! the descriptor that is used from then on.

mod entry;
mod folder;
#[cfg_attr(not(unix), path = "portable.rs")]
mod unix;

pub(crate) use entry::Entry;
pub use folder::UserFolder;
