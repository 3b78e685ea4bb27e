#pragma once

#include "core/doctor/links.h"

namespace hitless::testing {

/// An interface that is up, with the usual MTU; `kind` as the kernel names it ("" of hardware).
inline doctor::Interface interface(std::uint32_t index, const char* name, const char* kind,
                                   std::uint32_t master = 0) {
  doctor::Interface one;
  one.index = index;
  one.name = name;
  one.kind = kind;
  one.mtu = 1500;
  one.master = master;
  one.up = true;
  return one;
}

}  // namespace hitless::testing
