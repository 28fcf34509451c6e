# Every target installs what it needs (scripts/setup.sh) and may be run again at any time.
.PHONY: demo test check bench fuzz help

help:
	@echo "make demo   the main job on real input, step by step"
	@echo "make test   the whole test suite"
	@echo "make check  format, lints, dependency policy, structure"
	@echo "make bench  speed, side by side with other tools"
	@echo "make fuzz   ten minutes on each parser of hostile bytes (FUZZ_SECONDS=600)"

demo:
	scripts/demo.sh

test:
	scripts/setup.sh build run test
	scripts/kernel.sh
	cargo test --workspace

check:
	scripts/setup.sh build
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	cargo xtask deny
	cargo xtask tidy

bench:
	scripts/setup.sh build run test
	scripts/kernel.sh
	cargo build --release --workspace
	cargo xtask bench

fuzz:
	scripts/setup.sh build
	scripts/fuzz.sh
