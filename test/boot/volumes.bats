#!/usr/bin/env bats
# Volumes: found under whatever name, made of the newest snapshot, and never left behind.
load helpers

# with_volume JSON: `MOUNT` in it is a folder of the test.
with_volume() {
  settings 'volumeTags={"fleet:name":"app"}' "volumes=${1//MOUNT/$T/mnt}"
  stub mountpoint '[ -e "$T/mounted" ]'
  stub mount 'touch "$T/mounted"'
  stub blkid 'exit 0'
}
at_launch='[{"deviceName":"/dev/sdk","attach":"launch","mountPoint":"MOUNT","empty":false,"label":"chef"}]'
at_boot='[{"deviceName":"/dev/sdf","attach":"boot","mountPoint":"MOUNT","snapshotTags":{"fleet:volume":"code"},"empty":false,"sizeGiB":20}]'

volume_xml='<volumeSet><item><volumeId>vol-0aa</volumeId><status>in-use</status></item></volumeSet>'
snapshot_xml='<item><snapshotId>snap-1</snapshotId><status>completed</status><startTime>2026-01-01T00:00:00.000Z</startTime></item>'
newer_xml='<item><snapshotId>snap-2</snapshotId><status>completed</status><startTime>2026-02-01T00:00:00.000Z</startTime></item>'

nitro() {
  mkdir -p "$T/dev/disk/by-id"
  touch "$T/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0aa"
}

@test "at launch, on Nitro: found by the volume's id, written into fstab, mounted" {
  with_volume "$at_launch"
  nitro
  aws_says DescribeVolumes 200 "$volume_xml"
  boot none yes "$whole"
  [ "$status" -eq 0 ]
  [[ $(calls_of DescribeVolumes) == *"Filter.1.Value.1=$instance&Filter.2.Name=attachment.device&Filter.2.Value.1=%2Fdev%2Fsdk"* ]]
  [ "$(cat "$T/fstab")" = "$T/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0aa $T/mnt auto defaults,nofail 0 2" ]
  [ "$(cat "$T/mount.calls")" = "$T/mnt" ]
}

@test "a device under the name that it was given, under Xen's, or by its label" {
  for name in sdk xvdk disk/by-label/chef; do
    rm -rf "$T/mounted" "$T/fstab" "$T/dev" "$T"/state/* "$T/settings"
    settings prefix=shop-app role=app environment=staging product=shop majorVersion=3 logGroup=g heartbeatSeconds=300 limitSeconds=3600 facts={}
    : >"$T/fstab"
    with_volume "$at_launch"
    mkdir -p "$(dirname "$T/dev/$name")"
    touch "$T/dev/$name"
    aws_says DescribeVolumes 200 "$volume_xml"
    boot none yes "$whole"
    [ "$status" -eq 0 ]
    [[ $(cat "$T/fstab") == "$T/dev/$name $T/mnt "* ]]
  done
}

@test "the line that the bake wrote is used and not repeated" {
  with_volume "$at_launch"
  nitro
  echo "LABEL=chef $T/mnt ext4 defaults,nofail 0 2" >"$T/fstab"
  aws_says DescribeVolumes 200 "$volume_xml"
  boot none yes "$whole"
  [ "$status" -eq 0 ]
  [ "$(wc -l <"$T/fstab")" -eq 1 ]
}

@test "a line that names a device which is not there does not keep the volume from being mounted" {
  with_volume "$at_launch"
  nitro
  stub mount '[ $# -eq 2 ] && touch "$T/mounted"'
  echo "/dev/sdk $T/mnt ext4 defaults,nofail 0 2" >"$T/fstab"
  aws_says DescribeVolumes 200 "$volume_xml"
  boot none yes "$whole"
  [ "$status" -eq 0 ]
  [ "$(tail -n 1 "$T/mount.calls")" = "$T/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0aa $T/mnt" ]
}

@test "no device shows up: ends within its limit and says which volume" {
  with_volume "$at_launch"
  aws_says DescribeVolumes 200 "$volume_xml"
  boot none yes "$whole"
  [ "$status" -eq 1 ]
  [[ $log == *'FAILED: a device of volume vol-0aa: not within 120 s'* ]]
}

@test "nothing is attached there: says so" {
  with_volume "$at_launch"
  aws_says DescribeVolumes 200 '<volumeSet/>'
  boot none yes "$whole"
  [[ $log == *'FAILED: no volume is attached as /dev/sdk'* ]]
}

@test "an empty volume is formatted, one with data never" {
  with_volume "${at_launch/\"empty\":false/\"empty\":true}"
  nitro
  stub blkid 'exit 2'
  aws_says DescribeVolumes 200 "$volume_xml"
  boot none yes "$whole"
  [ "$status" -eq 0 ]
  [[ $(cat "$T/mkfs.calls") == *nvme-Amazon_Elastic_Block_Store_vol0aa ]]
  rm -rf "$T"/state/* "$T/mounted" "$T/mkfs.calls"
  stub blkid 'exit 0'
  boot none yes "$whole"
  [ ! -e "$T/mkfs.calls" ]
}

attaches() {
  with_volume "$at_boot"
  nitro
  aws_says DescribeVolumes.1 200 '<volumeSet/>'
  aws_says DescribeVolumes 200 "$volume_xml"
  aws_says DescribeSnapshots 200 "<snapshotSet>$newer_xml$snapshot_xml</snapshotSet>"
  aws_says CreateVolume 200 '<volumeId>vol-0aa</volumeId>'
}

@test "at boot: of two snapshots the newest becomes a volume in the instance's zone, is attached, given to the instance and mounted" {
  attaches
  boot none yes "$whole"
  [ "$status" -eq 0 ]
  [[ $(calls_of DescribeSnapshots) == *Owner.1=self*Filter.2.Name=tag%3Afleet%3Avolume*Filter.2.Value.1=code* ]]
  [[ $(calls_of CreateVolume) == *SnapshotId=snap-2*AvailabilityZone=eu-central-1a*ClientToken=$instance-2*Encrypted=true*Size=20*Tag.1.Key=fleet%3Aname* ]]
  [[ $(calls_of AttachVolume) == *VolumeId=vol-0aa*InstanceId=$instance*Device=%2Fdev%2Fsdf* ]]
  [[ $(calls_of ModifyInstanceAttribute) == *BlockDeviceMapping.1.Ebs.DeleteOnTermination=true* ]]
  [ -z "$(calls_of DeleteVolume)" ]
}

@test "no snapshot has the tags: the boot fails, nothing was made" {
  attaches
  aws_says DescribeSnapshots 200 '<snapshotSet/>'
  boot none yes "$whole"
  [ "$status" -eq 1 ]
  [[ $log == *'FAILED: no completed snapshot has the tags {"fleet:volume":"code"}'* ]]
  [ -z "$(calls_of CreateVolume)" ]
  [ -z "$(calls_of DeleteVolume)" ]
}

@test "what an earlier try attached is used again" {
  attaches
  aws_says DescribeVolumes.1 200 "$volume_xml"
  boot none yes "$whole"
  [ "$status" -eq 0 ]
  [ -z "$(calls_of CreateVolume)" ]
}

@test "a volume that never becomes available is deleted" {
  attaches
  for call in 2 3 4 5; do aws_says "DescribeVolumes.$call" 200 '<volumeSet/>'; done
  aws_says DescribeVolumes 200 '<volumeSet/>'
  boot none yes "$whole"
  [ "$status" -eq 1 ]
  [[ $log == *'FAILED: volume vol-0aa available: not within 120 s'* ]]
  [[ $(calls_of DeleteVolume) == *VolumeId=vol-0aa* ]]
  [[ $log == *'volume vol-0aa is deleted'* ]]
}

@test "a volume that cannot be attached is deleted" {
  attaches
  aws_says AttachVolume 400 '<Code>IncorrectState</Code>'
  aws_says DescribeVolumes.3 200 '<volumeSet/>'
  boot none yes "$whole"
  [ "$status" -eq 1 ]
  [ -z "$(calls_of DetachVolume)" ]
  [[ $(calls_of DeleteVolume) == *VolumeId=vol-0aa* ]]
}

@test "a volume that the instance would leave behind is taken off and deleted" {
  attaches
  aws_says ModifyInstanceAttribute 403 '<Code>UnauthorizedOperation</Code>'
  boot none yes "$whole"
  [ "$status" -eq 1 ]
  [[ $(calls_of DetachVolume) == *Force=true* ]]
  [[ $(calls_of DeleteVolume) == *VolumeId=vol-0aa* ]]
}

@test "a volume that cannot be deleted is named" {
  attaches
  aws_says AttachVolume 400 x
  aws_says DeleteVolume 400 x
  boot none yes "$whole"
  [[ $log == *'volume vol-0aa is LEFT BEHIND; delete it by hand'* ]]
}

@test "after a reboot what is not mounted is mounted" {
  attaches
  boot none yes "$whole"
  rm "$T/mounted" "$T/mount.calls"
  boot none yes "$whole"
  [ "$status" -eq 0 ]
  [ "$(cat "$T/mount.calls")" = "$T/mnt" ]
}
