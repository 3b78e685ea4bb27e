#include "app/cluster/addresses.h"

namespace hitless::app {

Addresses Addresses::standard() {
  return {*Cidr::parse("172.30.0.0/24"), *Cidr::parse("10.244.0.0/16"),
          *Cidr::parse("10.96.0.0/16")};
}

}  // namespace hitless::app
