// Every test is written to by one locale, whatever the machine's is.
import { writeBy } from '../lib/format/locale';

writeBy(['en-GB']);
