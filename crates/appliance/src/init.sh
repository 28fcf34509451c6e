#!/bin/busybox sh
# The init program of a guest image: mounts what every program needs, reads what the kernel's command
# line says about this machine, and keeps the agent running.
#
#   port.guest_control_port=N   port on which the agent listens
#   port.hostname=NAME          name of the machine
#   port.net_ip=A               its address, on the first network device
#   port.net_prefix_len=N       bits of its network (24)
#   port.net_gateway=A          where everything else is
#   port.net_dns=A[,A]          who answers names
set -f
export PATH=/bin:/sbin:/usr/bin:/usr/sbin

[ -e /proc/self ] || mount -t proc -o nosuid,nodev,noexec proc /proc
[ -e /sys/kernel ] || mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
[ -e /dev/null ] || mount -t devtmpfs -o nosuid devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o nosuid,noexec,mode=620,ptmxmode=666,gid=5 devpts /dev/pts
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /dev/shm
mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs /run
mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs /mnt
touch /tmp/.writable 2>/dev/null && rm /tmp/.writable ||
    mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /tmp
mkdir -p /run/port

control_port=7000
for word in $(cat /proc/cmdline); do
    value=${word#*=}
    case $word in
    port.guest_control_port=*) control_port=$value ;;
    port.hostname=*) hostname "$value" ;;
    port.net_ip=*) net_ip=$value ;;
    port.net_prefix_len=*) net_prefix_len=$value ;;
    port.net_gateway=*) net_gateway=$value ;;
    port.net_dns=*) net_dns=$value ;;
    esac
done

ip link set dev lo up 2>/dev/null
if [ -n "$net_ip" ]; then
    device=
    for name in $(ls /sys/class/net); do
        [ "$name" = lo ] || [ -n "$device" ] || device=$name
    done
    if [ -n "$device" ]; then
        ip link set dev "$device" up
        ip addr add "$net_ip/${net_prefix_len:-24}" dev "$device"
        [ -z "$net_gateway" ] || ip route add default via "$net_gateway" dev "$device"
    else
        echo "init: there is no network device for $net_ip"
    fi
fi
for server in $(echo "$net_dns" | tr , ' '); do
    echo "nameserver $server" >>/run/resolv.conf
done

# As busybox has it: poweroff sends USR2, halt USR1, reboot TERM; Ctrl-Alt-Del is INT.
end() {
    kill -TERM -1
    sleep 1
    sync
    mount -o remount,ro /
    "$1" -f
}
trap 'end poweroff' USR2
trap 'end halt' USR1
trap 'end reboot' TERM INT

while :; do
    /usr/bin/port-guest-agent --socket /run/port/guest-agent.sock --vsock-port "$control_port" --root / &
    wait $!
    echo "init: the agent has ended; it is started again"
    sleep 1
done
