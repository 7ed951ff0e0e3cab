//! The Node-API addon: types in, types out. Converts and forwards; decides nothing.
