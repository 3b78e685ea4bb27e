#include "core/doctor/cni_leases.h"

#include "base/text.h"

namespace hitless::doctor {

std::vector<CniLease> cniLeases(const Evidence& evidence) {
  std::vector<CniLease> leases;
  const auto files = evidence.names(kCniLeases);
  for (const std::string& file : files) {
    const auto address = IpAddress::parse(std::string_view(file).substr(file.rfind('/') + 1));
    const std::string* text = evidence.find(file);
    if (address && text != nullptr) {
      const std::string_view line = trim(std::string_view(*text).substr(0, text->find('\n')));
      leases.push_back({"/" + file, *address, std::string(line)});
    }
  }
  return leases;
}

}  // namespace hitless::doctor
