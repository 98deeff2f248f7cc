#!/bin/sh
# core_symbols.sh ARCHIVE SANITIZERS: what the core may call. A stray time() or malloc() fails here,
# not in a review. Sanitizers add calls of their own, which are let through when they are on.
set -eu
allowed='^(seuil_.*|__assert_fail|__stack_chk_fail|mem(cpy|move|set|cmp|chr|mem|rchr)|str(len|cmp|ncmp|chr)|exp2|log2|pow|floor|ceil|round|rint|nearbyint|trunc|fabs|fmin|fmax|ldexp|frexp|scalbn|isnan|isinf|nextafter|lround|llround|qsort|_GLOBAL_OFFSET_TABLE_)$'
[ -z "$2" ] || allowed="$allowed|^__(asan|ubsan|tsan|sanitizer)_"
own=$(nm --defined-only "$1" 2>/dev/null | awk 'NF==3 {print $3}' | sort -u)
foreign=$(nm -u "$1" 2>/dev/null | awk 'NF==2 && $1=="U" {print $2}' | sort -u | grep -vE "$allowed" || :)
bad=
for symbol in $foreign; do
  printf '%s\n' "$own" | grep -qx "$symbol" || bad="$bad $symbol"
done
# The allocators of lib/base are seuil_ too, but not for the core.
for symbol in $(nm -u "$1" 2>/dev/null | awk '$1=="U" {print $2}' | grep -E '^seuil_(heap|arena|buf)_' | sort -u); do
  bad="$bad $symbol"
done
if [ -n "$bad" ]; then
  echo "lib/core calls what a pure core must not:$bad"
  exit 1
fi
echo "lib/core is pure"
