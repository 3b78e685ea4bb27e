#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>

#include "base/clock.h"
#include "sys/dns/published.h"

namespace hitless::sys {

/// What a UDP or TCP door of a name server works with; all of it must outlive the door.
struct DoorParts {
  boost::asio::io_context& io;
  const Clock& clock;
  const Published& published;
  dns::Responder& responder;
  /// After queries have been taken in, with what is published still kept.
  std::function<void()> served;
};

}  // namespace hitless::sys
