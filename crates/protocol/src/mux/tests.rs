mod delivery;
mod hostile;
mod pair;
mod sessions;
