#include "core/load/backend_lookup.h"

#include <fmt/format.h>

#include <cerrno>

namespace hitless::load {

std::string Endpoint::text() const {
  return ip.isV4() ? fmt::format("{}:{}", ip.text(), port)
                   : fmt::format("[{}]:{}", ip.text(), port);
}

Cause refine(Cause cause, const Symptom& symptom, Backend::Kind kind) {
  if (cause == Cause::kConnectionRefused && kind == Backend::Kind::kNone) {
    return Cause::kNoEndpoint;
  }
  const bool refusedBeyond = cause == Cause::kNoEndpoint && symptom.error == ECONNREFUSED &&
                             kind == Backend::Kind::kTranslated;
  return refusedBeyond ? Cause::kConnectionRefused : cause;
}

}  // namespace hitless::load
