#include "core/doctor/finding.h"

namespace hitless::doctor {

std::string_view name(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kCritical:
      return "critical";
  }
  return "";
}

}  // namespace hitless::doctor
