#pragma once

#include <cstdint>
#include <string>

namespace hitless::sys {

/// What a node reports of the machine that it runs on. What cannot be found out is empty or zero.
struct MachineFacts {
  std::int64_t cpus = 1;
  std::int64_t memoryBytes = 0;
  std::string kernelVersion;  ///< uname -r
  std::string architecture;   ///< uname -m
  std::string osImage;        ///< PRETTY_NAME of os-release(5)
  std::string machineId;
  std::string bootId;
};

MachineFacts machineFacts();

}  // namespace hitless::sys
