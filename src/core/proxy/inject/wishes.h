#pragma once

#include <string>
#include <vector>

#include "core/kube/json.h"
#include "core/proxy/drain/mode.h"
#include "core/proxy/port_list.h"

namespace hitless::proxy::inject {

/// What a pod's annotations ask of its proxy.
struct Wishes {
  enum class Form { kNative, kContainer };
  Form form = Form::kNative;
  bool holdApplication = false;
  DrainMode drain;
  std::string accessLog;  ///< Empty: the proxy's own default.
  std::string image;      ///< Empty: that of whoever injects.
  PortList inbound = PortList::all();
  PortList inboundExcluded;
  PortList outbound;
  PortList outboundExcluded;

  /// Whether connections to this port of the pod come to the proxy.
  bool takes(std::uint16_t port) const;
};

/// Annotations that cannot be read count as absent, and are told of in `warnings`.
Wishes wishesOf(const kube::json::object& pod, std::vector<std::string>& warnings);

}  // namespace hitless::proxy::inject
