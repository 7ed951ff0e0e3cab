# shellcheck shell=sh
# Reads `+ <group>` and `- <group>`, one per line, and kills the groups that are left at end of file.
#
# The live groups are live_0 to live_$((n - 1)), and at_$g is the index of group $g. One that goes is replaced by the
# last, so that a line costs the same however many groups are live. (A list in one variable is searched by patterns,
# which shells do in the square of its length: seconds of CPU time with a thousand groups.)
trap '' INT TERM HUP
n=0 at='' last=''
while read -r op g; do
  eval "at=\${at_$g-}"
  case $op$at in
    +) eval "live_$n=$g at_$g=$n"; n=$((n + 1)) ;;
    -?*)
      n=$((n - 1))
      eval "last=\$live_$n"
      eval "live_$at=$last at_$last=$at"
      unset "live_$n" "at_$g" ;;
  esac
done
while [ "$n" -gt 0 ]; do
  n=$((n - 1))
  # dash rejects `kill -KILL -- -$g`.
  eval "kill -9 -\$live_$n" 2>/dev/null
done
