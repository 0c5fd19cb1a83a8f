#!/bin/bash
# The machine of one instance, from the inside of its own mount, process and host name spaces: a root of its own over this host's /usr
# and /etc, whose writes land in the instance's folder; what the sandbox stands in for; then the user data.
#   enter.sh FOLDER CHECKOUT NODE
# FOLDER/user-data runs, and at a later start of the same instance the copy that it left; `exit STATUS` on descriptor 3 says how it ended.
set -euo pipefail
folder=$1 checkout=$2 node=$3
root=$folder/root

overlay() {
  local name=$1 options
  mkdir -p "$root/$name" "$folder/upper/$name" "$folder/work/$name"
  options=lowerdir=/$name,upperdir=$folder/upper/$name,workdir=$folder/work/$name
  # Without privileges the kernel keeps its marks in user attributes.
  [ "$FLEET_SANDBOX_ROOT" = 1 ] || options+=,userxattr
  mount -t overlay overlay -o "$options" "$root/$name"
}

bind() {
  if [ -d "$1" ]; then mkdir -p "$2"; else mkdir -p "${2%/*}" && touch "$2"; fi
  mount --bind "$1" "$2"
}

stand_in() {
  printf '#!/bin/sh\nexec /opt/fleet-sandbox/node /opt/fleet-sandbox/sandbox/boot/stand-ins/%s.ts "$@"\n' "$2" >"$root/usr/local/sbin/$1"
  chmod 0755 "$root/usr/local/sbin/$1"
}

mkdir -p "$root"
mount -t tmpfs -o mode=0755 tmpfs "$root"
overlay usr
overlay etc
for name in bin sbin lib lib64; do
  [ ! -L "/$name" ] || ln -s "$(readlink "/$name")" "$root/$name"
  [ -L "/$name" ] || [ ! -d "/$name" ] || overlay "$name"
done
mkdir -p "$folder/var" "$root"/{proc,tmp,run,root,home,opt,mnt,srv,sys}
bind "$folder/var" "$root/var"
mkdir -p "$root"/var/{lib/cloud/instance/scripts,lib/cloud/scripts/per-boot,log/sandbox,tmp}
bind "$folder/dev" "$root/dev"
for name in null zero full random urandom; do bind "/dev/$name" "$root/dev/$name"; done
[ -L "$root/dev/fd" ] || ln -s /proc/self/fd "$root/dev/fd"
mount -t proc proc "$root/proc"
bind "$node" "$root/opt/fleet-sandbox/node"
bind "$checkout/sandbox/boot/stand-ins" "$root/opt/fleet-sandbox/sandbox/boot/stand-ins"
bind "$checkout/consumer" "$root/opt/fleet-sandbox/consumer"
bind "$folder/../volumes" "$root/run/volumes"
bind "$folder/../told" "$root/run/told"
printf '#!/bin/sh\nexec cat >>/var/log/syslog\n' >"$root/usr/local/sbin/logger"
chmod 0755 "$root/usr/local/sbin/logger"
for name in chef-client knife systemctl hostnamectl mount blkid mkfs; do stand_in "$name" "$name"; done
script=/var/lib/cloud/scripts/per-boot/fleet-boot
if [ ! -e "$folder/born" ]; then
  printf '# The root of the sandbox\n' >"$root/etc/fstab"
  rm -rf "$root/etc/chef" "$root/etc/fleet"
  script=/var/lib/cloud/instance/scripts/part-001
  install -m 0700 "$folder/user-data" "$root$script"
  touch "$folder/born"
fi
cd "$root"
status=0
times >"$folder/processor"
chroot "$root" /usr/bin/env -i HOME=/root SHELL=/bin/bash AWS_ENDPOINT_URL="$AWS_ENDPOINT_URL" \
  AWS_EC2_METADATA_SERVICE_ENDPOINT="$AWS_EC2_METADATA_SERVICE_ENDPOINT" FLEET_SANDBOX_ORDINAL="$FLEET_SANDBOX_ORDINAL" \
  "$script" </dev/null || status=$?
times >>"$folder/processor"
printf 'exit %s\n' "$status" >&3
exec 3>&-
# What the script started as a service lives as long as the instance.
while [ -n "$(find "$root/run/services" -type f -print -quit 2>/dev/null)" ]; do sleep 3600; done
