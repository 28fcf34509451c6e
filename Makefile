# Every target installs what it needs (scripts/setup.sh) and may be run again at any time.
.PHONY: demo test test-boot test-network test-garage test-substrates test-packs check bench torture fuzz help

help:
	@echo "make demo     the main job on real input, step by step"
	@echo "make test     the whole test suite"
	@echo "make check    format, lints, dependency policy, structure"
	@echo "make bench    speed, side by side with other tools"
	@echo "make torture  the registry under power loss, 200 kills, races, hostile requests; disks and machines killed at any moment, hostile guests"
	@echo "make fuzz     ten minutes on each parser of hostile bytes (FUZZ_SECONDS=600)"
	@echo "make test-boot   disks of four whole distributions: boots, and trees equal to containerd's"
	@echo "make test-network   package managers, git, languages and SDKs of models in machines, through the boundary"
	@echo "make test-substrates   machines of Firecracker and Cloud Hypervisor: by stand-ins, and by the real programs where they and KVM are"
	@echo "make test-packs  a pack of more than 5 GiB (16 GiB of disk)"
	@echo "make test-garage   storage on an S3 server that checks signatures (20 minutes the first time)"

demo:
	scripts/demo.sh

test:
	scripts/setup.sh build run test
	scripts/kernel.sh
	scripts/python-packages.sh
	scripts/moto.sh
	scripts/erofs-utils.sh
	scripts/vsock-device.sh
	scripts/python-clients.sh
	scripts/schemathesis.sh
	scripts/node-clients.sh
	cargo test --workspace

test-garage:
	scripts/setup.sh build
	scripts/garage.sh
	cargo test -p lazaret-content --test content -- --include-ignored on_garage

test-boot:
	scripts/setup.sh build run test images
	scripts/kernel.sh
	scripts/images.sh
	cargo test -p lazaret-cli --test end_to_end -- --include-ignored boots whole_images

test-substrates:
	scripts/setup.sh build run test
	scripts/kernel.sh
	scripts/vsock-device.sh
	cargo test -p lazaret-cli --test end_to_end -- --include-ignored --nocapture substrates

test-network:
	scripts/setup.sh build run test clients
	scripts/kernel.sh
	scripts/clients.sh
	cargo test -p lazaret-cli --test end_to_end -- --include-ignored network::

check:
	scripts/setup.sh build
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	cargo clippy --workspace --all-targets --no-default-features --quiet -- -D warnings
	cargo xtask deny
	cargo xtask tree
	cargo xtask tidy

test-packs:
	scripts/setup.sh build run test
	scripts/kernel.sh
	scripts/python-packages.sh
	cargo test -p lazaret-cli --test end_to_end -- --include-ignored packs::large

bench:
	scripts/setup.sh build run test bench
	scripts/kernel.sh
	scripts/erofs-utils.sh
	cargo build --release --workspace
	cargo xtask bench
	cargo test --release -p lazaret-vm --test machines -- --ignored --nocapture timing

torture:
	scripts/setup.sh build run test
	scripts/moto.sh
	LAZARET_TORTURE_ROUNDS=$${LAZARET_TORTURE_ROUNDS:-200} LAZARET_TORTURE_RACES=$${LAZARET_TORTURE_RACES:-100} \
		LAZARET_TORTURE_STATES=$${LAZARET_TORTURE_STATES:-1000000} \
		cargo test -p lazaret-cli --test torture -- --nocapture
	LAZARET_TORTURE_SECONDS=$${LAZARET_TORTURE_SECONDS:-300} \
		cargo test -p lazaret-content --test content -- collect::torture --nocapture
	cargo test -p lazaret-content --lib -- --ignored million
	scripts/kernel.sh
	LAZARET_TORTURE_ROUNDS=50 cargo test -p lazaret-cli --test end_to_end -- interrupted
	LAZARET_TORTURE_ROUNDS=20 cargo test -p lazaret-cli --test end_to_end -- endings
	LAZARET_TORTURE_ROUNDS=200 cargo test -p lazaret-cli --test end_to_end -- random_kills
	LAZARET_TORTURE_ROUNDS=5 cargo test -p lazaret-cli --test end_to_end -- network::hostile
	LAZARET_TORTURE_ROUNDS=50 cargo test -p lazaret-cli --test end_to_end -- variants::kills

fuzz:
	scripts/setup.sh build fuzz
	scripts/fuzz.sh
