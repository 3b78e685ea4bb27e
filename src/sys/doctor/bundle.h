#pragma once

#include <string>

#include "base/error.h"
#include "core/doctor/evidence.h"

/// Evidence as a file that can be sent: a tar.gz of the texts as they are, so that a person can
/// look at them too. "about.json" says from where and when; "0/NAME" and "1/NAME" are the samples.
namespace hitless::sys {

/// Replaces the file in one step; only its owner may read it.
Status writeBundle(const std::string& path, const doctor::Evidence& evidence);
/// Of at most 512 MiB unpacked; entries that are no plain files, or outside of the samples, are
/// passed over. kInvalid for what is no bundle.
Result<doctor::Evidence> readBundle(const std::string& path);

}  // namespace hitless::sys
