mod delivery;
mod hostile;
mod pair;
