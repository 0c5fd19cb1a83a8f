# shellcheck shell=bash
# Volumes: those that came with the launch are found and mounted; others are made of the newest snapshot with the given tags,
# attached and mounted, and deleted with the instance. `volumes` of the settings holds them, a JSON array.
volume_limit_seconds=120
mkfs_type=ext4
fstab=/etc/fstab
devices=/dev
# What would stay behind if the boot failed now.
orphan=''

# What the shell asks of each, and the whole, with separators between that `read` does not fold.
each_volume() {
  jq -r '.[] | [.deviceName, .attach, .mountPoint, .label, .empty, .] | map(. // "" | tostring) | join("\u001f")' <<<"${setting[volumes]}"
}

set_up_volumes() {
  local device_name attach point label empty volume
  while IFS=$'\037' read -r device_name attach point label empty volume <&3; do
    current_step="volume $device_name"
    if [ "$attach" = boot ]; then attach_newest; else find_attached; fi
    mount_volume
  done 3< <(each_volume)
}

mount_again() {
  local point
  while IFS=$'\037' read -r _ _ point _ <&3; do
    mountpoint -q "$point" || mount "$point" || fail "$point cannot be mounted"
  done 3< <(each_volume)
}

# The volume that the launch attached under the device name that it was given; Nitro shows it under another one.
find_attached() {
  find_volume
  [ -n "$volume_id" ] || fail "no volume is attached as $device_name"
}

find_volume() {
  local filters
  filters="$(filter attachment.instance-id "$instance_id"),$(filter attachment.device "$device_name")"
  volume_id=$(api ec2 DescribeVolumes "{\"Filters\":[$filters]}" | value volumeId) || fail 'the volumes of the instance cannot be listed'
}

# filter NAME VALUE
filter() {
  printf '{"Name":"%s","Values":["%s"]}' "$1" "$2"
}

# Attached by an earlier try, or made now.
attach_newest() {
  find_volume
  [ -z "$volume_id" ] || return 0
  newest_snapshot
  create_volume
  orphan=$volume_id
  wait_until "$volume_limit_seconds" 2 "volume $volume_id available" volume_is status available
  api ec2 AttachVolume "$(object VolumeId "$volume_id" InstanceId "$instance_id" Device "$device_name")" >/dev/null ||
    fail "volume $volume_id cannot be attached as $device_name"
  wait_until "$volume_limit_seconds" 2 "volume $volume_id attached" volume_is attachment.status attached
  api ec2 ModifyInstanceAttribute "{\"InstanceId\":\"$instance_id\",\"BlockDeviceMappings\":[{\"DeviceName\":\"$device_name\",\"Ebs\":{\"DeleteOnTermination\":true}}]}" >/dev/null ||
    fail "volume $volume_id cannot be given to the instance, with which it should go"
  orphan=''
}

newest_snapshot() {
  local answer
  answer=$(api ec2 DescribeSnapshots "$(jq -c '{OwnerIds: ["self"], Filters: ([{Name: "status", Values: ["completed"]}]
    + (.snapshotTags | to_entries | map({Name: "tag:\(.key)", Values: [.value]})))}' <<<"$volume")") || fail 'snapshots cannot be listed'
  snapshot=$(paste <(values startTime <<<"$answer") <(values snapshotId <<<"$answer") | sort | tail -n 1 | cut -f 2)
  [ -n "$snapshot" ] || fail "no completed snapshot has the tags $(jq -c .snapshotTags <<<"$volume")"
  say "newest snapshot: $snapshot"
}

values() {
  awk -F '\t' -v name="$1" '$1 == name { print $2 }'
}

# The token makes a repeated call give the same volume, never a second one.
create_volume() {
  local answer
  answer=$(api ec2 CreateVolume "$(jq -c --arg snapshot "$snapshot" --arg zone "$zone" --arg token "$instance_id${snapshot#snap}" \
    --argjson tags "${setting[volumeTags]}" '{SnapshotId: $snapshot, AvailabilityZone: $zone, ClientToken: $token, VolumeType: "gp3", Encrypted: true}
    + ({Size: .sizeGiB, Iops: .iops, Throughput: .throughputMiBps, KmsKeyId: .kmsKeyArn} | with_entries(select(.value != null)))
    + {TagSpecifications: [{ResourceType: "volume", Tags: ($tags | to_entries | map({Key: .key, Value: .value}))}]}' <<<"$volume")") ||
    fail "no volume can be made of $snapshot"
  volume_id=$(value volumeId <<<"$answer")
  [ -n "$volume_id" ] || fail "AWS made a volume of $snapshot and gave no id"
}

volume_is() {
  local answer
  answer=$(api ec2 DescribeVolumes "{\"VolumeIds\":[\"$volume_id\"],\"Filters\":[$(filter "$1" "$2")]}") || return 1
  seen="not $2"
  [ "$(value volumeId <<<"$answer")" = "$volume_id" ]
}

# By volume id on Nitro, by the given name elsewhere, by label at last.
find_device() {
  local name=$devices${device_name#/dev} candidate
  for candidate in "$devices/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volume_id/-/}" "$name" "${name/\/sd//xvd}" ${label:+"$devices/disk/by-label/$label"}; do
    [ -e "$candidate" ] || continue
    device=$candidate
    return 0
  done
  return 1
}

# blkid says 2 when there is nothing at all; a volume that should hold a snapshot's data is never formatted.
format_when_empty() {
  local status=0
  [ "$empty" = true ] || return 0
  blkid -p "$device" >/dev/null || status=$?
  ((status == 2)) || return 0
  mkfs -t "$mkfs_type" "$device" || fail "$device cannot be formatted"
}

# The bake wrote the line into fstab; where it did not, or named a device that is not there, the boot does.
mount_volume() {
  local device=''
  if mountpoint -q "$point"; then
    say "$point is mounted"
    return 0
  fi
  wait_until "$volume_limit_seconds" 0.2 "a device of volume $volume_id" find_device
  format_when_empty
  mkdir -p "$point"
  if ! awk -v point="$point" '$1 !~ /^#/ && $2 == point { found = 1 } END { exit !found }' "$fstab"; then
    printf '%s %s auto defaults,nofail 0 2\n' "$device" "$point" >>"$fstab"
  fi
  mount "$point" || mount "$device" "$point" || fail "$device cannot be mounted at $point"
  say "$volume_id is $device, mounted at $point"
}

# A volume that nothing would delete is taken off and deleted before the failure is told.
clean_up() {
  [ -n "$orphan" ] || return 0
  if volume_id=$orphan volume_is attachment.status attached; then
    api ec2 DetachVolume "{\"VolumeId\":\"$orphan\",\"Force\":true}" >/dev/null
    (wait_until "$volume_limit_seconds" 2 "volume $orphan detached" detached)
  fi
  if api ec2 DeleteVolume "$(object VolumeId "$orphan")" >/dev/null; then say "volume $orphan is deleted"; else say "volume $orphan is LEFT BEHIND; delete it by hand"; fi
}

detached() {
  volume_id=$orphan volume_is status available
}
