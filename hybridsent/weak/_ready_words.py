"""Plain words of feeling in several languages, written for this package (layer L3).

Why by hand: the word lists that papers use (AFINN, LIWC, NRC, SentiWordNet) may not be passed on,
or not for all uses, and most know English alone. These are short: what people say
most when they like something or do not. A word with ``*`` stands for all that begin with it; one
with ``!`` before it counts twice. Chinese entries are runs of characters, of which the longest that
fits is read.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LEXICONS", "Words"]


@dataclass(frozen=True)
class Words:
    """The words of one language.

    Parameters
    ----------
    positive, negative : str
        Words of feeling, separated by blanks.
    negators : str
        Words that turn the next ones round.
    stronger, weaker : str
        Words that make the next one count more, or less.
    contrast : str
        Words after which what counts is said.
    """

    positive: str
    negative: str
    negators: str
    stronger: str
    weaker: str
    contrast: str


LEXICONS: dict[str, Words] = {
    "en": Words(
        positive="""good !great !excellent !amazing !awesome !wonderful !fantastic !perfect*
            !brilliant* !outstanding !superb !best love loves loved lovely loving like liked
            likes nice happy happily happiness glad joy* enjoy* fun funny hilarious beautiful*
            gorgeous pretty cute sweet cool delicious tasty fresh friendly kind helpful useful
            handy easy easily smooth* comfort* cozy clean reliable sturdy solid durable worth
            affordable cheap bargain quick fast recommend* satisf* pleas* delight* charm*
            engaging entertaining entertain* compelling moving touching powerful* inspir*
            impress* exciting excited thrill* thank thanks thankful grateful gratitude blessed
            bless congrat* proud win wins winner winning won success* hope hopeful luck* smile
            smiling laugh* yay wow woohoo better favorite favourite fave masterpiece
            remarkable memorable refreshing clever witty smart intelligent warm warmth
            heartwarming fascinat* stunning magic* vivid rich elegant graceful gem classic
            treat triumph* absorbing riveting gripping insightful thoughtful honest sincere
            gentle peaceful calm relax* safe bright brilliant celebrat* welcome appreciat*
            admir* flawless* sharp crisp positive well improved improvement enthusias*
            passionate tender hilariously solidly authentic original imaginative inventive
            enchanting captivating adorable fabulous terrific splendid epic yummy""",
        negative="""bad !terribl* !horribl* !awful !worst !disgust* !pathetic !atrocious
            !dreadful !appalling !useless !garbage !trash !crap crappy sucks suck sucked hate
            hates hated hating hatred poor poorly boring bored bore dull tedious tiresome lame
            stupid dumb idiot* ridiculous silly sad sadly sadness unhappy upset depress*
            miserabl* disappoint* annoy* irritat* frustrat* angry anger mad furious rage
            outrag* worr* afraid scared scary fear* nervous anxi* stress* tired exhausted sick
            ill pain* hurt* ache* cry crying cried tears broken broke break breaks breaking
            fail fails failed failing failure wrong error mistake* problem* issue* trouble*
            defect* fault* flaw* flawed junk cheaply waste wasted wasting overpriced expensive
            dirty filthy smell* stink* noisy loud slow slowly rude unfriendly unhelpful
            unreliable uncomfortable difficult hard weak worse lacking lacks lack missing lost
            lose loses losing loser die died dead death kill* murder* victim* attack* war
            crisis disaster* tragic tragedy ugly nasty gross weird creepy cheesy pretentious
            shallow predictable bland mediocre clumsy contrived forced lifeless empty
            pointless meaningless mess messy confus* incoherent unfunny unpleasant
            unfortunate* unfair regret* sorry shame* ashamed embarrass* cheat* scam* fraud*
            lie lies lying liar fake refund return* returned complain* complaint* avoid never
            nightmare hell damn shit fuck* bullshit bitch ass wtf ugh meh lonely alone
            hopeless doubt* bitter grim bleak dreary tasteless offensive racist corrupt* evil
            violent insult* bother* negative unbearable overlong sloppy uninspired
            unconvincing unwatchable derivative formulaic cliche* stale flat listless inept
            amateurish disjointed unfinished""",
        negators="""not no never none nobody nothing neither nor cannot without hardly barely
            n't isn't wasn't aren't weren't don't doesn't didn't won't wouldn't can't couldn't
            shouldn't hasn't haven't hadn't ain't dont doesnt didnt isnt wasnt cant wont""",
        stronger="""very really so extremely absolutely totally incredibly super too highly
            truly completely utterly especially most insanely deeply""",
        weaker="""somewhat slightly little bit kinda fairly rather quite partly almost sort
            kind""",
        contrast="but however yet although though",
    ),
    "de": Words(
        positive="""gut gute guter gutes guten gutem !super !toll* !klasse !wunderbar*
            !großartig* !fantastisch* !perfekt* !ausgezeichnet* !genial* !hervorragend* !geil*
            schön* schoen* besser beste bester besten bestes lieb* liebe gern gerne mag freu*
            freude freude* froh glücklich* glück lustig* witzig* spaß spass lecker* nett*
            freundlich* hilfreich* angenehm* bequem* sauber* zufrieden* empfehl*
            empfehlenswert* interessant* spannend* süß* suess* hübsch* danke dank dankbar*
            bravo gewonnen gewinn* sieg* erfolg* gelungen* begeister* beeindruck* stolz*
            hoffnung* hoffentlich lach* genieß* herzlich* positiv* cool* glückwunsch*
            willkommen hammer prima ideal* praktisch* leicht schnell* günstig* wertvoll*
            zuverlässig* stark* liebevoll* entspann* sympathisch* lol yeah juhu endlich""",
        negative="""schlecht* !schrecklich* !furchtbar* !grauenhaft* !ekelhaft* !ekel*
            !scheiß* !scheiss* !katastroph* !mies* !miserabel* !widerlich* böse schlimm*
            traurig* leider langweil* dumm* doof* blöd* bloed* hass* hasse* nerv* ärger*
            aerger* wütend* wut enttäusch* enttaeusch* kaputt* defekt* fehler* problem*
            schmutzig* dreckig* laut* teuer* überteuert* unfreundlich* unhöflich* unverschämt*
            langsam* angst* sorge* schmerz* krank* müde* weh heul* wein* weine* tot* tod
            gestorben mord* krieg* krise* lüge* lügner* betrug* betrüger* peinlich* schade*
            schuld* verloren verlier* verlust* versag* gescheitert schwach* hässlich* sinnlos*
            nutzlos* idiot* arsch* verdammt* mist beschiss* kotz* unmöglich* lächerlich*
            falsch* gefährlich* allein einsam* stress* verarscht hölle negativ* schlimmer
            schlechter unfall opfer terror* gewalt""",
        negators="nicht kein keine keinen keiner keinem nie niemals ohne nichts kaum weder nix",
        stronger="sehr so total echt wirklich absolut extrem besonders richtig mega ganz zu voll",
        weaker="etwas bisschen einigermaßen ziemlich fast halbwegs",
        contrast="aber jedoch doch allerdings trotzdem",
    ),
    "es": Words(
        positive="""bueno buena buenos buenas buen bien !excelente* !genial* !increíble*
            !increible* !maravillos* !fantástic* !fantastic* !perfect* !espectacular*
            !estupend* mejor mejores amo ama amor adoro encanta encantan encantó encanto
            encantad* gusta gustan gustó gustado feliz felices felicidad* felicit* alegr*
            content* divertid* diversión bonit* hermos* guap* lind* precios* bell* dulce*
            simpátic* amable* gracias agradec* recomend* recomiendo cómod* limpi* útil* fácil*
            rápid* rico rica delicios* interesante* emocion* emocionad* orgullos* orgullo gan*
            ganar ganó ganamos ganador* éxito* triunf* esperanza suerte sonris* sonrí* risa*
            reír disfrut* ilusión satisfech* satisfac* grande crack bravo viva ojalá jajaja*
            jaja* cool chévere enhorabuena besos abrazo* bendici* bendecid* positiv* tranquil*
            paz""",
        negative="""mal malo mala malos malas !horribl* !terribl* !pésim* !pesim* !asco
            !asqueros* !mierda* !basura* !fatal* !desastr* peor peores odio odia odiar
            aburrid* aburre triste* tristeza tonto tonta estúpid* estupid* idiota* imbécil*
            imbecil* molest* enfad* enoj* rabia furios* frustra* decepcion* decepcionad*
            problema* error* fallo* falla* roto rota dañad* defectuos* sucio sucia ruid* caro
            cara caros carísim* lento lenta groser* maleducad* miedo* preocup* dolor* duele
            duelen enferm* cansad* cansanci* llor* lloro muert* muere murió matar mató asesin*
            guerra crisis mentira* mentiros* engañ* estafa* ladron* corrup* vergüenza
            verguenza pena lástima culpa perdid* perder perdió pierd* fracas* débil* feo fea
            inútil* ridícul* puta puto joder jodid* coño cabrón* carajo maldit* infierno solo
            sola deprim* ansiedad estrés estres* harto harta peligro* violencia negativ*
            tragedia víctima* insoport*""",
        negators="no nunca jamás ni sin nada ningún ninguna ninguno tampoco apenas",
        stronger="muy tan super súper demasiado realmente totalmente bastante más mucho mucha",
        weaker="poco algo casi",
        contrast="pero aunque sino",
    ),
    "fr": Words(
        positive="""bon bonne bons bonnes bien !excellent* !génial* !genial* !superbe* !super
            !magnifique* !merveilleu* !fantastique* !parfait* !incroyable* !extraordinaire*
            meilleur* mieux aime aimé aiment adore adoré adorable* amour* plaisir* plaît plait
            content* heureu* heureux heureuse bonheur joie* joyeu* drôle* rire rigol* marrant*
            amusant* beau belle beaux belles joli* mignon* sympa* gentil* doux douce merci
            remerci* recommande* conseille* confortable* propre* utile* facile* rapide*
            délicieu* intéressant* passionnant* impressionn* touchant* émouvant* bravo
            félicit* fier fière gagn* gagné victoire* succès réussi* réussite espoir* espère
            chance sourire* souris profit* satisf* ravi* enchant* charm* cool top chouette
            formidable* mdr ptdr haha* bisous bienvenue calme* positif* positive* vive hâte""",
        negative="""mal mauvais* !horribl* !terribl* !affreu* !nul !nulle !nuls !merde*
            !pourri* !catastroph* !dégueu* !dégoût* !lamentable* pire pires déteste* détesté
            hais haine ennuy* ennui chiant* triste* tristesse malheureu* bête* stupid* idiot*
            con conne cons connard* connasse* pute* putain bordel foutre fous énerv* énervé*
            colère fâch* furieu* rage frustr* déçu* déception* décev* problème* probleme*
            erreur* panne* cassé* casse défectueu* sale* bruyant* bruit cher chère lent*
            impoli* désagréable* peur* inquiet* inquiét* angoiss* stress* douleur* souffr*
            malade* maladie* fatigu* épuis* pleur* larme* mort* meurt* tué* tuer meurtre*
            guerre* crise* mensonge* menteu* arnaque* voleu* vol corrup* honte* dommage*
            faute* perdu* perdre perd échec* raté* faible* moche* laid* inutile* ridicule*
            scandal* attentat* terroris* victime* violen* danger* seul seule déprim* désespér*
            insupport* négatif* négative* hélas malheureusement grave* marre saoule relou""",
        negators="ne pas n jamais rien aucun aucune sans ni plus guère",
        stronger="très si trop vraiment tellement super extrêmement absolument totalement",
        weaker="peu assez presque plutôt",
        contrast="mais cependant pourtant toutefois",
    ),
    "it": Words(
        positive="""buono buona buoni buone buon bene !ottim* !eccellent* !fantastic*
            !perfett* !meraviglios* !stupend* !splendid* !magnific* !incredibil* !grandios*
            meglio migliore migliori amo ama amore amare adoro piace piacciono piaciuto
            piacere felice felici felicità content* gioia allegr* divert* divertente
            divertenti bello bella belli belle bell* carino carina carini dolce dolci
            simpatic* gentil* grazie ringrazi* consigli* comod* pulit* utile utili facile
            veloce delizios* interessant* emozion* emozionant* orgoglios* fiero vinto vince
            vincere vittoria successo speranza spero fortun* sorris* sorriso ridere risata
            soddisf* bravo brava bravi bravissim* complimenti auguri evviva viva bacio baci
            abbracci* bellissim* top grande grandi grandissim* tranquill* pace positiv*
            entusias* affascinant*""",
        negative="""male malissimo cattiv* !orribil* !terribil* !pessim* !schif* !merda*
            !disastr* !vergogn* peggio peggiore peggiori odio odia odiare noios* noia triste
            tristi tristezza stupid* scem* idiot* cretin* imbecill* coglion* cazzo cazzi
            stronz* puttan* troia vaffanculo fastidi* arrabbiat* rabbia incazz* furios*
            frustra* delus* deludent* problema problemi errore errori rotto rotta difett*
            sporc* rumor* caro cara costos* lento lenta maleducat* paura paure preoccup*
            dolor* malat* stanc* pianger* piang* lacrim* morto morta morti morte muore ucciso
            uccid* omicid* guerra crisi bugi* bugiard* truff* ladr* corrott* peccato colpa
            perso persa perdere perd* fallit* falliment* debol* brutt* inutil* ridicol*
            scandal* attentat* terroris* vittim* violen* pericol* sola solo depress* ansia
            stress negativ* purtroppo inferno maledett* fanculo basta rovinat* penoso penosa""",
        negators="non no mai niente nulla nessun nessuno nessuna senza né neanche nemmeno",
        stronger="molto così troppo davvero veramente super tanto proprio assolutamente",
        weaker="poco abbastanza quasi piuttosto",
        contrast="ma però tuttavia invece",
    ),
    "pt": Words(
        positive="""bom boa bons boas bem !ótim* !otim* !excelente* !maravilhos* !incrível*
            !incrivel* !fantástic* !fantastic* !perfeit* !sensacional* !espetacular* melhor
            melhores amo ama amor amei adoro adorei gosto gostei gosta feliz felizes
            felicidade* alegr* contente* divertid* engraçad* lindo linda lindos lindas lindeza
            bonit* fofo fofa fof* gostos* delícia delici* doce simpátic* gentil* obrigad*
            agradeç* recomend* confortáv* limp* útil* fácil rápid* interessante* emocion*
            orgulh* ganhei ganhou ganhar vitória* venceu sucesso* esperança sorte sorris*
            sorrir rir risada* kkk* haha* satisf* parabéns parabens bravo viva beijo* abraço*
            abençoad* bênção top show massa legal gênio genial* tranquil* paz positiv* arras*
            rainha saudável""",
        negative="""mal mau má maus ruim ruins !horríve* !horrive* !terríve* !terrive*
            !péssim* !pessim* !nojo !nojent* !merda* !lixo !desastr* pior piores odeio odeia
            ódio odio chato chata chatos chatice triste* tristeza burro burra estúpid* idiota*
            imbecil* otári* irritad* irrita* raiva puto puta furios* frustra* decepcion*
            decepção problema* erro erros errado quebrad* quebrou defeito* sujo suja barulh*
            caro cara lento lenta grosseir* medo* preocup* dor dores doente* cansad* cansaço
            chor* chorando chorei lágrima* morto morta morte* morreu morrer matar matou
            assassin* guerra crise* mentira* mentiros* golpe ladrão roub* corrup* vergonha
            pena culpa perdi perdeu perder perdid* fracass* fraco fraca feio feia inútil*
            ridícul* caralho porra foda fdp droga inferno sozinh* deprê depress* ansiedade
            estress* perigo* violên* negativ* infelizmente vítima* ferrad* desgraç* aff credo""",
        negators="não nao nunca jamais nem sem nada nenhum nenhuma",
        stronger="muito tão tao super demais realmente totalmente bem mais mt mto",
        weaker="pouco quase meio",
        contrast="mas porém contudo entretanto",
    ),
    "ar": Words(
        positive="""جيد جيدة جميل جميلة جمال !رائع !رائعة !ممتاز !ممتازة !مذهل !عظيم !عظيمة
            افضل احسن احب حب حبيبي حبيبتي بحب سعيد سعيدة سعادة فرح فرحان مبسوط مبروك مبارك
            شكرا شكر الحمد نجاح ناجح فوز فاز فخور فخر حلو حلوة طيب طيبة لطيف لطيفة ممتع ممتعة
            مفيد مفيدة سهل نظيف مريح انصح امل خير بخير نور ورد قلبي روعة يسعد يسعدك ابتسامة
            ضحك متفائل تفاؤل نعمة سلام امان اجمل بارك تهنئة تهانينا يوفق توفيق وفقك محظوظ كريم
            عسل""",
        negative="""سيء سيئة سيئ !اسوا !فظيع !فظيعة !مقرف !مقرفة !كارثة !زفت !قذر كره اكره
            بكره حزين حزينة حزن زعلان زعل غضب غاضب عصبي ممل مملة غبي غبية غباء احمق حمار كلب
            كلاب مشكلة مشاكل خطا فشل فاشل خسارة خسر خسران ضعيف قبيح وسخ غالي بطيء خوف خايف قلق
            الم وجع مرض مريض تعب تعبان بكاء دموع موت مات ميت قتل قتلى حرب ازمة كذب كذاب كاذب
            سرقة حرامي لص فساد عار عيب حرام للاسف ارهاب ارهابي داعش ضحايا عنف خطر ظلم ظالم
            خيانة خاين لعنة لعن اكتئاب وحيد حسبنا يخرب قرف حقير حقيرة""",
        negators="لا لم لن ليس ليست مش مو ما غير بدون مافي ماكو مب",
        stronger="جدا كثير كتير اوي مرة للغاية فعلا حقا",
        weaker="شوي قليلا نوعا",
        contrast="لكن بس ولكن",
    ),
    "hi": Words(
        positive="""अच्छा अच्छी अच्छे बढ़िया !शानदार !बेहतरीन !उत्तम !लाजवाब !ज़बरदस्त
            !जबरदस्त सुंदर सुन्दर खूबसूरत प्यार प्यारा प्यारी पसंद खुश खुशी ख़ुशी खुशियां आनंद
            मज़ा मजा मजेदार मज़ेदार धन्यवाद शुक्रिया बधाई शुभकामनाएं शुभकामनाएँ शुभ सफल सफलता
            जीत जीता जीते विजय गर्व उम्मीद आशा मुस्कान हंसी साफ आसान उपयोगी मददगार दिलचस्प
            रोचक सही श्रेष्ठ सम्मान नमन स्वागत मुबारक भला वाह जय प्रसन्न लाभ विकास ईमानदार
            मस्त शांति accha acha achha achi acchi ache badhiya badiya khush khushi pyar pyaar
            pyara pyari pasand maza mazaa mast sundar shukriya dhanyavad badhai mubarak jeet
            jai jay waah wah shandar zabardast kamaal swagat garv good great nice love happy
            best thanks beautiful awesome super congrat*""",
        negative="""बुरा बुरी बुरे !घटिया !बेकार !भयानक !खराब !ख़राब !शर्मनाक बदतर नफरत नफ़रत
            दुख दुखी दुःख उदास गुस्सा क्रोध नाराज निराश निराशा गलत ग़लत गलती समस्या मुश्किल
            परेशान परेशानी डर भय चिंता दर्द बीमार बीमारी थका रोना रो आंसू मौत मृत्यु मर मरे
            मारा हत्या युद्ध संकट झूठ झूठा झूठे धोखा चोर चोरी भ्रष्ट भ्रष्टाचार शर्म हार हारा
            कमजोर गंदा गंदी मूर्ख बेवकूफ पागल गधा कुत्ता कुत्ते गद्दार देशद्रोही आतंक आतंकी
            आतंकवादी आतंकवाद हिंसा खतरा शहीद बर्बाद नुकसान अपमान घोटाला दुर्घटना बलात्कार
            अफसोस bura buri bure bekar bakwas ghatiya kharab galat gussa dukh dukhi dard
            mushkil pareshan chor jhoot jhutha jhooth bewakoof pagal gadha kutta kutte kamina
            sharam sharm nafrat gaddar rona maut mar dhokha bhrasht barbad saala sala bad
            worst hate sad fail* fake shame* angry""",
        negators="नहीं न ना मत बिना नही nahi nahin nhi na mat bina not no never",
        stronger="बहुत बेहद काफी अत्यंत इतना सबसे bahut bohot bhut itna very so",
        weaker="थोड़ा थोड़ी कुछ",
        contrast="लेकिन मगर परंतु पर lekin magar par but",
    ),
    "zh": Words(
        positive="""好 很好 !非常好 !太好 !最好 不错 满意 喜欢 !超赞 赞 棒 !太棒 !完美 !优秀
            优质 开心 快乐 高兴 幸福 感谢 谢谢 感动 舒服 舒适 干净 整洁 方便 便利 便宜 实惠
            热情 周到 友好 亲切 温馨 漂亮 美丽 好看 好吃 好用 好玩 美味 有趣 精彩 精致 推荐
            值得 超值 划算 放心 安静 宽敞 明亮 快捷 及时 贴心 细心 耐心 礼貌 惊喜 期待 希望
            加油 成功 胜利 祝福 恭喜 可爱 温暖 爱 享受 愉快 轻松 豪华 高档 齐全 合理 优惠 新
            很新 到位 丰富 地道 还会来 下次还 还会住 会再来 性价比高 首选 五星 好评 给力 哈哈
            不愧 出色 一流 良好 适合 靠谱 有特色 不贵 离地铁近 近 很近 物有所值""",
        negative="""差 很差 !太差 !极差 !最差 !差劲 !垃圾 !恶心 !糟糕 !恶劣 不好 不行 失望
            后悔 讨厌 生气 愤怒 气愤 难受 难过 伤心 痛苦 无聊 无语 郁闷 烦 烦人 吵 很吵 太吵
            噪音 隔音 脏 肮脏 异味 味道大 霉味 发霉 臭 破旧 陈旧 老旧 旧 破 坏 坏了 坏的 故障
            问题 投诉 欺骗 骗 骗人 骗子 宰客 贵 太贵 偏贵 慢 太慢 冷淡 冷漠 态度差 不耐烦 粗鲁
            没礼貌 简陋 狭小 太小 拥挤 阴暗 潮湿 蟑螂 虫 蚊子 漏水 没有热水 停水 停电 难吃
            难看 难用 失败 错误 担心 害怕 恐怖 死 悲剧 可怜 可惜 遗憾 不满 不值 不推荐 不会再
            再也不 千万别 千万不要 上当 黑店 差评 不卫生 不方便 不干净 不舒服 偏僻 勉强 凑合
            一般 很一般 敷衍 推脱 忽悠 太远 居然 竟然 根本 麻烦 缺点 不足 冷清 过敏 丢失 被偷
            不如""",
        negators="不 没 没有 别 未 无 并非 不是 不太 不够 不怎么 不会",
        stronger="很 非常 特别 太 最 极 超 真 十分 相当 实在",
        weaker="有点 稍微 略 比较 还算",
        contrast="但 但是 可是 不过 然而 就是",
    ),
}
"""The words by language (ISO 639)."""
