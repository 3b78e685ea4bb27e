#include "core/proxy/route_table.h"

#include <fmt/format.h>

namespace hitless::proxy {

std::string Address::text() const {
  return ip.isV4() ? fmt::format("{}:{}", ip.text(), port)
                   : fmt::format("[{}]:{}", ip.text(), port);
}

}  // namespace hitless::proxy
