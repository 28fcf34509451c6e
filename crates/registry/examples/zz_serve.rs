//! temp
use lazaret_registry::*;
#[tokio::main]
async fn main() {
    let root = std::env::args().nth(1).unwrap().into();
    let d = if std::env::args().nth(2).is_some() { Durability::Ephemeral } else { Durability::Synced };
    let r = Registry::open(Options { root, durability: d }).await.unwrap();
    let s = r.bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    println!("{}", s.local_addr());
    s.serve(std::future::pending()).await.unwrap();
}
